# Sourced by what needs moto or the AWS CLI: puts the tests' virtual environment
# first in PATH. What is missing fails loudly, it is never skipped.
venv=${DMSL_TEST_VENV:-$DMSL_SRCDIR/build-venv}
if ! cmp -s "$DMSL_SRCDIR/tests/aws/requirements.txt" "$venv/made-from"; then
	echo "Bail out! no moto and AWS CLI of this tree's versions in $venv:" \
		"run tests/aws/venv.sh, or ./bootstrap check"
	exit 99
fi
PATH=$venv/bin:$PATH
# Reading is all that is done to it: tests may run it from a read-only tree.
PYTHONDONTWRITEBYTECODE=1
AWS_PAGER=
AWS_EC2_METADATA_DISABLED=true
AWS_CONFIG_FILE=/nonexistent
AWS_SHARED_CREDENTIALS_FILE=/nonexistent
export PATH PYTHONDONTWRITEBYTECODE AWS_PAGER AWS_EC2_METADATA_DISABLED
export AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
unset AWS_PROFILE AWS_ENDPOINT_URL AWS_SESSION_TOKEN
