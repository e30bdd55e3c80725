"""The versions of Aurora PostgreSQL, which moto lacks, and without which no cluster can
be planned: the one thing that moto gets even where it is left as it is."""

from moto.rds.responses import RDSResponse

from hooks import handles

VERSIONS = ("13.21", "14.18", "15.10", "15.12", "16.6", "16.8", "17.4")


def given(self, name, default=None):
    value = self.params.get(name)
    return default if value is None else value


@handles(RDSResponse, "DescribeDBEngineVersions")
def _(self, _moto):
    wanted = given(self, "EngineVersion", "")
    found = [v for v in VERSIONS if v == wanted or v.startswith((wanted + ".") if wanted else "")]
    if given(self, "DefaultOnly"):
        found = found[-1:]
    return {"DBEngineVersions": [{
        "Engine": "aurora-postgresql", "EngineVersion": version, "Status": "available",
        "DBParameterGroupFamily": "aurora-postgresql" + version.split(".")[0],
        "SupportedEngineModes": ["provisioned"], "ValidUpgradeTarget": [
            {"Engine": "aurora-postgresql", "EngineVersion": later, "AutoUpgrade": False,
             "IsMajorVersionUpgrade": later.split(".")[0] != version.split(".")[0]}
            for later in VERSIONS if float(later) > float(version)]} for version in found]}
