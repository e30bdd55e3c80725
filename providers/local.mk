# Each folder implements engine/provider.h or serves those that do.
noinst_LIBRARIES += providers/libproviders.a

providers_libproviders_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(PQ_CFLAGS) \
	$(MICROHTTPD_CFLAGS) $(EXPAT_CFLAGS) $(CJSON_CFLAGS) $(CRYPTO_CFLAGS)
providers_libproviders_a_SOURCES = \
	providers/aws/aws.c providers/aws/aws.h \
	providers/aws/answer.c \
	providers/aws/client.c providers/aws/client.h \
	providers/aws/service.h \
	providers/aws/site.c providers/aws/site.h \
	providers/aws/decode.c providers/aws/decode.h \
	providers/aws/encode.c providers/aws/encode.h \
	providers/aws/fault.c providers/aws/fault.h \
	providers/aws/paging.c \
	providers/aws/service.c providers/aws/service.h \
	providers/aws/site.h \
	providers/aws/type.c providers/aws/type.h \
	providers/aws/type_call.c providers/aws/type_impl.h \
	providers/aws/type_find.c \
	providers/aws/type_make.c \
	providers/aws/type_memo.c \
	providers/aws/type_name.c \
	providers/aws/type_read.c \
	providers/aws/type_tags.c \
	providers/aws/type_value.c \
	providers/aws/vpc.c \
	providers/aws/fields.c providers/aws/fields.h \
	providers/aws/database.c providers/aws/database.h \
	providers/aws/db_cluster.c \
	providers/aws/db_instance.c \
	providers/aws/db_parameter_group.c \
	providers/aws/db_subnet_group.c \
	providers/aws/credentials.c providers/aws/credentials.h \
	providers/aws/dms.h \
	providers/aws/dms_aws.c \
	providers/aws/dms_call.c providers/aws/dms_call.h \
	providers/aws/dms_certificate.c \
	providers/aws/dms_change.c providers/aws/dms_change.h \
	providers/aws/dms_connection.c providers/aws/dms_connection.h \
	providers/aws/dms_effects.c \
	providers/aws/dms_endpoint.c \
	providers/aws/dms_instance.c \
	providers/aws/dms_load.c \
	providers/aws/dms_watch.c \
	providers/aws/dms_control.c \
	providers/aws/dms_assess.c providers/aws/dms_assess.h \
	providers/aws/dms_subnet_group.c \
	providers/aws/dms_task.c providers/aws/dms_task.h \
	providers/aws/rds.c providers/aws/rds.h \
	providers/aws/rds_address.c providers/aws/rds_address.h \
	providers/aws/secret.c providers/aws/secret.h \
	providers/aws/role_arn.c providers/aws/role_arn.h \
	providers/aws/elastic_ip.c \
	providers/aws/internet_gateway.c \
	providers/aws/nat_gateway.c \
	providers/aws/network.h \
	providers/aws/network_interface.c \
	providers/aws/route_table.c \
	providers/aws/security_group.c \
	providers/aws/security_group_rule.c \
	providers/aws/doctor.c providers/aws/doctor.h \
	providers/aws/doctor_offers.c \
	providers/aws/doctor_quotas.c \
	providers/aws/doctor_rights.c \
	providers/aws/metadata.c \
	providers/aws/owned.c providers/aws/owned.h \
	providers/aws/process.c \
	providers/aws/profile.c providers/aws/profile.h \
	providers/aws/resolve.c providers/aws/resolve.h \
	providers/aws/role.c \
	providers/aws/source.h \
	providers/aws/sso.c \
	providers/aws/reach.c providers/aws/reach.h \
	providers/aws/reach_server.c \
	providers/aws/reach_data.c \
	providers/aws/reach_ssm.c providers/aws/reach_script.c \
	providers/aws/reach_script.h providers/aws/reach_session.c \
	providers/aws/sigv4.c providers/aws/sigv4.h \
	providers/aws/elb.c providers/aws/elb.h \
	providers/aws/endpoint_service.c \
	providers/aws/iam_role.c \
	providers/aws/instance.c \
	providers/aws/instance_profile.c \
	providers/aws/listener.c \
	providers/aws/load_balancer.c \
	providers/aws/log_group.c \
	providers/aws/logs.c providers/aws/logs.h \
	providers/aws/parts.c providers/aws/parts.h \
	providers/aws/path.h \
	providers/aws/policy.c providers/aws/policy.h \
	providers/aws/target_group.c \
	providers/aws/user_data.c providers/aws/user_data.h \
	providers/aws/vpc_endpoint.c \
	providers/aws/subnet.c \
	providers/aws/tags.c providers/aws/tags.h \
	providers/aws/xml.c providers/aws/xml.h \
	providers/builtin.c providers/builtin.h \
	providers/core/core.c providers/core/core.h \
	providers/core/data.c \
	providers/core/password.c \
	providers/http.c providers/http.h \
	providers/library.c providers/library.h \
	providers/local/balancer.c providers/local/balancer.h \
	providers/local/cluster.c \
	providers/local/command.c providers/local/command.h \
	providers/local/database.c providers/local/database.h \
	providers/local/hosts.c providers/local/hosts.h \
	providers/local/ids.c providers/local/ids.h \
	providers/local/local.c providers/local/local.h \
	providers/local/model.c providers/local/model.h \
	providers/local/network.c providers/local/network.h \
	providers/local/object.c providers/local/object.h \
	providers/local/outside.c providers/local/outside.h \
	providers/local/path.c \
	providers/local/process.c providers/local/process.h \
	providers/local/provision.c \
	providers/local/record.c providers/local/record.h \
	providers/local/recorded.c \
	providers/local/scram.c providers/local/scram.h \
	providers/local/secret.c \
	providers/local/server.c providers/local/server.h \
	providers/local/stack.c providers/local/stack.h \
	providers/local/tls.c providers/local/tls.h \
	providers/local/types.h \
	providers/local/vpc.c \
	providers/pg/conn.h \
	providers/pg/copy.c providers/pg/copy.h \
	providers/pg/libpq.c providers/pg/libpq.h \
	providers/pg/pg.c providers/pg/pg.h \
	providers/replicator/book.c providers/replicator/book.h \
	providers/replicator/catalog.c providers/replicator/catalog.h \
	providers/replicator/fault.c providers/replicator/fault.h \
	providers/replicator/front.c providers/replicator/front.h \
	providers/replicator/ledger.c providers/replicator/ledger.h \
	providers/replicator/load.c providers/replicator/load.h \
	providers/replicator/mover.c providers/replicator/mover.h \
	providers/replicator/obj.c providers/replicator/obj.h \
	providers/replicator/op_connection.c \
	providers/replicator/op_endpoint.c \
	providers/replicator/op_instance.c \
	providers/replicator/op_tags.c \
	providers/replicator/op_task.c \
	providers/replicator/ops.c providers/replicator/ops.h \
	providers/replicator/progress.c providers/replicator/progress.h \
	providers/replicator/replicator.c providers/replicator/replicator.h \
	providers/replicator/route.c providers/replicator/route.h \
	providers/replicator/run.c providers/replicator/run.h \
	providers/replicator/server.h \
	providers/replicator/session.c providers/replicator/session.h \
	providers/replicator/sign.c providers/replicator/sign.h \
	providers/replicator/unit.c providers/replicator/unit.h \
	providers/retry.c providers/retry.h \
	providers/sql/connect.c providers/sql/connect.h \
	providers/sql/database.c \
	providers/sql/fixture.c \
	providers/sql/intents.h \
	providers/sql/presence.c providers/sql/presence.h \
	providers/sql/remote.c providers/sql/remote.h \
	providers/sql/remote_database.c \
	providers/sql/remote_fixture.c \
	providers/sql/query.c \
	providers/sql/split.c providers/sql/split.h \
	providers/sql/sql.h \
	providers/types/core.c \
	providers/types/data.c \
	providers/types/dms.c \
	providers/types/identity.c \
	providers/types/network.c \
	providers/types/path.c \
	providers/types/sql.c \
	providers/types/types.c providers/types/types.h \
	providers/vault.c providers/vault.h
