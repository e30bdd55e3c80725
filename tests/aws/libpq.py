"""As much of libpq as the Data API needs, by ctypes: statements with parameters."""

import ctypes
import re

_pq = ctypes.CDLL("libpq.so.5")
for _name in ("PQconnectdbParams", "PQexecParams"):
    getattr(_pq, _name).restype = ctypes.c_void_p
for _name in ("PQerrorMessage", "PQresultErrorMessage", "PQresultErrorField", "PQfname",
              "PQgetvalue", "PQcmdTuples"):
    getattr(_pq, _name).restype = ctypes.c_char_p

# The types that are told apart in answers; others are text.
TYPES = {16: "bool", 17: "bytea", 20: "int8", 21: "int2", 23: "int4", 25: "text",
         700: "float4", 701: "float8", 1043: "varchar", 1083: "time", 1114: "timestamp",
         1184: "timestamptz", 1700: "numeric", 2950: "uuid"}


class Error(Exception):
    state = ""


class Result:
    def __init__(self, columns, rows, changed):
        self.columns, self.rows, self.changed = columns, rows, changed


def value_of(field):
    """A parameter of the Data API as text, None for NULL."""
    if field.get("isNull"):
        return None
    if "booleanValue" in field:
        return b"true" if field["booleanValue"] else b"false"
    for key in ("stringValue", "longValue", "doubleValue"):
        if key in field:
            return str(field[key]).encode()
    raise Error("unsupported parameter")


def number(sql, values):
    """:name becomes $1 and so on, outside of quotes and casts."""
    order = []

    def place(match):
        name = match.group("name")
        if name is None or name not in values:
            return match.group(0)
        if name not in order:
            order.append(name)
        return f"${order.index(name) + 1}"

    pattern = r"'(?:[^']|'')*'|\"[^\"]*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|::|:(?P<name>\w+)"
    return re.sub(pattern, place, sql, flags=re.S), [value_of(values[name]) for name in order]


class Connection:
    def __init__(self, host, port, database, user, password):
        options = {"host": host, "port": port, "dbname": database, "user": user,
                   "password": password, "connect_timeout": "10"}
        keys = (ctypes.c_char_p * (len(options) + 1))(*(k.encode() for k in options), None)
        texts = (ctypes.c_char_p * (len(options) + 1))(*(str(v).encode() for v in options.values()), None)
        self.connection = ctypes.c_void_p(_pq.PQconnectdbParams(keys, texts, 0))
        if _pq.PQstatus(self.connection):
            message = _pq.PQerrorMessage(self.connection).decode().strip()
            self.close()
            raise Error(message)

    def close(self):
        _pq.PQfinish(self.connection)

    def execute(self, sql, values):
        text, places = number(sql, values)
        given = (ctypes.c_char_p * max(len(places), 1))(*places)
        result = ctypes.c_void_p(_pq.PQexecParams(
            self.connection, text.encode(), len(places), None, given, None, None, 0))
        try:
            if _pq.PQresultStatus(result) not in (1, 2):
                error = Error(_pq.PQresultErrorMessage(result).decode().strip())
                error.state = (_pq.PQresultErrorField(result, ord("C")) or b"").decode()
                raise error
            columns = [(_pq.PQfname(result, c).decode(), TYPES.get(_pq.PQftype(result, c), "text"))
                       for c in range(_pq.PQnfields(result))]
            rows = [[None if _pq.PQgetisnull(result, r, c) else _pq.PQgetvalue(result, r, c).decode()
                     for c in range(len(columns))] for r in range(_pq.PQntuples(result))]
            changed = 0 if columns else int(_pq.PQcmdTuples(result) or b"0")
            return Result(columns, rows, changed)
        finally:
            _pq.PQclear(result)
