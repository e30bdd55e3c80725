/* dms_certificate: the authorities that an endpoint's server is checked by. */
#include <config.h>

#include "providers/aws/dms_call.h"

enum { NAME_MAX_BYTES = 255 };

static int find(struct call *c, bool may_start, const char *by,
		struct str value, struct value *out)
{
	return dms_find(c, may_start, "DescribeCertificates",
			dms_filter(by, value, c->arena), "Certificates", out);
}

static enum step done(struct call *c, struct value certificate)
{
	struct fields f = { 0 };

	c->id = value_text(certificate, "CertificateArn");
	dms_name_field(c, &f, value_text(certificate, "CertificateIdentifier"));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step adopt(struct call *c, struct str name)
{
	struct value certificate;

	c->err = (struct error){ 0 };
	if (find(c, true, "certificate-id", name, &certificate) < 0)
		return STEP_FAILED;
	if (value_is_null(certificate))
		return dms_wait(c, "certificate %.*s to be seen",
				STR_ARG(name));
	if (dms_adopt(c, "certificate", name,
		      value_text(certificate, "CertificateArn")) < 0)
		return STEP_FAILED;
	return done(c, certificate);
}

static enum step certificate_create(struct call *c)
{
	struct str name = dms_identifier(c, NAME_MAX_BYTES);
	const struct value *certificate;
	struct fields f = { 0 };
	struct value answer;

	field_text(&f, "CertificateIdentifier", name);
	field_text(&f, "CertificatePem", value_text(c->config, "pem"));
	field(&f, "Tags", dms_tags(c));
	if (dms_call(c, true, "ImportCertificate", fields_done(&f, c->arena),
		     &answer) < 0)
		return c->err.kind == ERROR_EXISTS ? adopt(c, name)
						   : STEP_FAILED;
	certificate = value_get(answer, "Certificate");
	if (!certificate)
		return call_fail(c, ERROR_FAILED,
				 "the service answered without a certificate");
	return done(c, *certificate);
}

static enum step certificate_read(struct call *c)
{
	struct value certificate, tags;
	struct fields f = { 0 };

	if (find(c, false, "certificate-arn", c->id, &certificate) < 0)
		return dms_read_failed(c);
	if (value_is_null(certificate)) {
		c->is_gone = true;
		return STEP_DONE;
	}
	if (dms_read_tags(c, false, c->id, &tags) < 0)
		return dms_read_failed(c);
	dms_drift(c, &f, "tags", dms_user_tags(tags, c->arena));
	c->result = fields_done(&f, c->arena);
	return STEP_DONE;
}

static enum step certificate_update(struct call *c)
{
	return dms_sync_tags(c, c->id) < 0 ? STEP_FAILED : STEP_DONE;
}

static enum step certificate_destroy(struct call *c)
{
	struct value certificate;

	if (find(c, true, "certificate-arn", c->id, &certificate) < 0)
		return STEP_FAILED;
	if (value_is_null(certificate))
		return STEP_DONE;
	return dms_delete(c, "DeleteCertificate", "CertificateArn",
			  "the certificate to be gone",
			  "endpoints of the certificate to be gone");
}

static enum step certificate_lookup(struct call *c)
{
	static const struct dms_found how = {
		"certificate",	"DescribeCertificates", "certificate-id",
		"Certificates", "CertificateArn",	NULL,
	};

	return dms_lookup(c, &how, certificate_read);
}

static int certificate_plan(struct call *c, const char *action)
{
	const struct value *pem = value_get(c->config, "pem");

	if (str_is(str_from(action), "delete") || !pem ||
	    pem->kind != VALUE_STRING ||
	    str_contains(pem->as.text, STR("-----BEGIN CERTIFICATE-----")))
		return 0;
	error_set(&c->err, ERROR_INVALID,
		  "the pem of a dms_certificate holds no certificate");
	return error_hint(&c->err, "pem = file(\"global-bundle.pem\"), as the "
				   "service publishes it for its databases");
}

const struct resource_ops dms_certificate_ops = {
	.plan = certificate_plan,
	.read = certificate_read,
	.create = certificate_create,
	.update = certificate_update,
	.destroy = certificate_destroy,
	.lookup = certificate_lookup,
	.recovery = 'N',
};
