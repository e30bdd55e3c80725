#include <config.h>

#include "providers/aws/reach_script.h"

#include "lang/base/buf.h"
#include "providers/aws/reach.h"
#include "providers/pg/pg.h"

const char script_read_secret[] =
    "field() { printf %s \"$secret\" | python3 -c "
    "'import json,sys;print(json.load(sys.stdin)[sys.argv[1]],end=\"\")' "
    "\"$1\"; }\n"
    "secret=$(aws secretsmanager get-secret-value --region \"$region\" "
    "--secret-id \"$secret_id\" --query SecretString --output text "
    "2>\"$work/err\") && "
    "PGUSER=$(field username 2>>\"$work/err\") && "
    "PGPASSWORD=$(field password 2>>\"$work/err\")";

void script_secret(struct buf *b, const struct aws_site *w,
		   const struct reach_cluster *k)
{
	buf_add_c(b, "region=");
	buf_add_shell(b, w->region);
	buf_add_c(b, " secret_id=");
	buf_add_shell(b, k->secret);
	buf_add_char(b, '\n');
}

struct str script_connection(const struct reach_cluster *k,
			     const struct reach_way *way, struct str database,
			     struct arena *a)
{
	struct str out;
	struct buf b;

	buf_init(&b, 4096);
	pg_add_option(&b, "host", way->server);
	buf_fmt(&b, " port=%d", way->port);
	pg_add_option(&b, "dbname", database);
	pg_add_option(&b, "sslmode", k->ssl_mode);
	buf_add_c(&b, " connect_timeout=15 application_name=dmsl");
	out = str_dup(buf_str(&b), a);
	buf_release(&b);
	return out;
}
