#include <config.h>

#include "lang/dms/settings_table.h"

/* Ranges where none is documented are those of a 32-bit integer. */
const struct setting setting_table[] = {
	{ "TargetMetadata", "TargetSchema", "target_schema", SETTING_TEXT,
	  "\"\"", 0, 0, NULL },
	{ "TargetMetadata", "SupportLobs", "support_lobs", SETTING_BOOL, "true",
	  0, 0, NULL },
	{ "TargetMetadata", "FullLobMode", "full_lob_mode", SETTING_BOOL,
	  "false", 0, 0, NULL },
	{ "TargetMetadata", "LobChunkSize", "lob_chunk", SETTING_KIB, "64", 0,
	  INT32_MAX, NULL },
	{ "TargetMetadata", "LimitedSizeLobMode", "limited_lob_mode",
	  SETTING_BOOL, "true", 0, 0, NULL },
	{ "TargetMetadata", "LobMaxSize", "lob_max", SETTING_KIB, "32", 0,
	  INT32_MAX, NULL },
	{ "TargetMetadata", "InlineLobMaxSize", "inline_lob_max", SETTING_KIB,
	  "0", 0, 102400, NULL },
	{ "TargetMetadata", "LoadMaxFileSize", "load_max_file", SETTING_KIB,
	  "0", 0, 100000, NULL },
	{ "TargetMetadata", "ParallelLoadThreads", "parallel_load_threads",
	  SETTING_NUMBER, "0", 0, 32, NULL },
	{ "TargetMetadata", "ParallelLoadBufferSize", "parallel_load_buffer",
	  SETTING_NUMBER, "0", 0, 1000, NULL },
	{ "TargetMetadata", "ParallelLoadQueuesPerThread",
	  "parallel_load_queues", SETTING_NUMBER, "0", 0, 512, NULL },
	{ "TargetMetadata", "ParallelApplyThreads", "parallel_apply_threads",
	  SETTING_NUMBER, "0", 0, 32, NULL },
	{ "TargetMetadata", "ParallelApplyBufferSize", "parallel_apply_buffer",
	  SETTING_NUMBER, "0", 0, 1000, NULL },
	{ "TargetMetadata", "ParallelApplyQueuesPerThread",
	  "parallel_apply_queues", SETTING_NUMBER, "0", 0, 512, NULL },
	{ "TargetMetadata", "BatchApplyEnabled", "batch_apply", SETTING_BOOL,
	  "false", 0, 0, NULL },
	{ "TargetMetadata", "TaskRecoveryTableEnabled", "recovery_table",
	  SETTING_BOOL, "false", 0, 0, NULL },

	{ "FullLoadSettings", "TargetTablePrepMode", "target_prep",
	  SETTING_ENUM, "\"DO_NOTHING\"", 0, 0,
	  "DO_NOTHING=nothing TRUNCATE_BEFORE_LOAD=truncate "
	  "DROP_AND_CREATE=drop" },
	{ "FullLoadSettings", "CreatePkAfterFullLoad", "create_pk_after_load",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "FullLoadSettings", "StopTaskCachedChangesApplied",
	  "stop_after_cached_changes", SETTING_BOOL, "false", 0, 0, NULL },
	{ "FullLoadSettings", "StopTaskCachedChangesNotApplied",
	  "stop_before_cached_changes", SETTING_BOOL, "false", 0, 0, NULL },
	{ "FullLoadSettings", "MaxFullLoadSubTasks", "parallel_tables",
	  SETTING_NUMBER, "8", 1, 49, NULL },
	{ "FullLoadSettings", "TransactionConsistencyTimeout",
	  "transaction_timeout", SETTING_SECONDS, "600", 0, INT32_MAX, NULL },
	{ "FullLoadSettings", "CommitRate", "commit_rate", SETTING_NUMBER,
	  "10000", 1, 50000, NULL },

	{ "Logging", "EnableLogging", "logging", SETTING_BOOL, "false", 0, 0,
	  NULL },
	{ "Logging", "EnableLogContext", "log_context", SETTING_BOOL, "false",
	  0, 0, NULL },
	{ "Logging", "LogComponents", NULL, SETTING_LOG_COMPONENTS, NULL, 0, 0,
	  NULL },
	{ "Logging", "DeleteTaskLogs", "delete_logs", SETTING_BOOL, NULL, 0, 0,
	  NULL },
	{ "Logging", "LogConfiguration", NULL, SETTING_GROUP,
	  "{\"EnableTraceOnError\":false,\"TraceOnErrorMb\":10}", 0, 0, NULL },
	{ "Logging/LogConfiguration", "TraceOnErrorMb", "log_trace_size",
	  SETTING_MIB, NULL, 1, INT32_MAX, NULL },
	{ "Logging/LogConfiguration", "EnableTraceOnError", "log_trace",
	  SETTING_BOOL, NULL, 0, 0, NULL },
	{ "Logging", "CloudWatchLogGroup", NULL, SETTING_GIVEN, "null", 0, 0,
	  NULL },
	{ "Logging", "CloudWatchLogStream", NULL, SETTING_GIVEN, "null", 0, 0,
	  NULL },

	{ "ControlTablesSettings", "ControlSchema", "control_schema",
	  SETTING_TEXT, "\"\"", 0, 0, NULL },
	{ "ControlTablesSettings", "HistoryTimeslotInMinutes",
	  "history_timeslot", SETTING_MINUTES, "5", 1, 1440, NULL },
	{ "ControlTablesSettings", "historyTimeslotInMinutes", NULL,
	  SETTING_MINUTES, "5", 1, 1440, NULL },
	{ "ControlTablesSettings", "HistoryTableEnabled", "history_table",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ControlTablesSettings", "SuspendedTablesTableEnabled",
	  "suspended_table", SETTING_BOOL, "false", 0, 0, NULL },
	{ "ControlTablesSettings", "StatusTableEnabled", "status_table",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ControlTablesSettings", "FullLoadExceptionTableEnabled",
	  "exception_table", SETTING_BOOL, "false", 0, 0, NULL },
	{ "ControlTablesSettings", "CommitPositionTableEnabled",
	  "commit_position_table", SETTING_BOOL, "false", 0, 0, NULL },

	{ "StreamBufferSettings", "StreamBufferCount", "stream_buffers",
	  SETTING_NUMBER, "3", 1, 1000, NULL },
	{ "StreamBufferSettings", "StreamBufferSizeInMB", "stream_buffer_size",
	  SETTING_MIB, "8", 1, 1024, NULL },
	{ "StreamBufferSettings", "CtrlStreamBufferSizeInMB",
	  "control_buffer_size", SETTING_MIB, "5", 1, 8, NULL },

	{ "ChangeProcessingTuning", "BatchApplyPreserveTransaction",
	  "batch_preserve_transaction", SETTING_BOOL, "true", 0, 0, NULL },
	{ "ChangeProcessingTuning", "BatchApplyTimeoutMin", "batch_timeout_min",
	  SETTING_SECONDS, "1", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "BatchApplyTimeoutMax", "batch_timeout_max",
	  SETTING_SECONDS, "30", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "BatchApplyMemoryLimit", "batch_memory",
	  SETTING_MIB, "500", 1, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "BatchSplitSize", "batch_split",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "MinTransactionSize", "min_transaction",
	  SETTING_NUMBER, "1000", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "CommitTimeout", "commit_timeout",
	  SETTING_SECONDS, "1", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "MemoryLimitTotal", "memory_limit",
	  SETTING_MIB, "1024", 1, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "MemoryKeepTime", "memory_keep",
	  SETTING_SECONDS, "60", 0, INT32_MAX, NULL },
	{ "ChangeProcessingTuning", "StatementCacheSize", "statement_cache",
	  SETTING_NUMBER, "50", 0, 200, NULL },
	{ "ChangeProcessingTuning", "RecoveryTimeout", "recovery_timeout",
	  SETTING_SECONDS, "-1", -1, INT32_MAX, NULL },

	{ "ChangeProcessingDdlHandlingPolicy", "HandleSourceTableDropped",
	  "handle_dropped", SETTING_BOOL, "true", 0, 0, NULL },
	{ "ChangeProcessingDdlHandlingPolicy", "HandleSourceTableTruncated",
	  "handle_truncated", SETTING_BOOL, "true", 0, 0, NULL },
	{ "ChangeProcessingDdlHandlingPolicy", "HandleSourceTableAltered",
	  "handle_altered", SETTING_BOOL, "true", 0, 0, NULL },

	{ "LoopbackPreventionSettings", NULL, NULL, SETTING_GROUP, "null", 0, 0,
	  NULL },
	{ "LoopbackPreventionSettings", "EnableLoopbackPrevention",
	  "loopback.enable", SETTING_BOOL, NULL, 0, 0, NULL },
	{ "LoopbackPreventionSettings", "SourceSchema",
	  "loopback.source_schema", SETTING_TEXT, NULL, 0, 0, NULL },
	{ "LoopbackPreventionSettings", "TargetSchema",
	  "loopback.target_schema", SETTING_TEXT, NULL, 0, 0, NULL },

	{ "BeforeImageSettings", NULL, NULL, SETTING_GROUP, "null", 0, 0,
	  NULL },
	{ "BeforeImageSettings", "EnableBeforeImage", "before_image.enable",
	  SETTING_BOOL, NULL, 0, 0, NULL },
	{ "BeforeImageSettings", "FieldName", "before_image.field",
	  SETTING_TEXT, NULL, 0, 0, NULL },
	{ "BeforeImageSettings", "ColumnFilter", "before_image.columns",
	  SETTING_ENUM, NULL, 0, 0, "pk-only=pk_only non-lob=non_lob all=all" },

	{ "CharacterSetSettings", NULL, NULL, SETTING_GROUP, "null", 0, 0,
	  NULL },
	{ "CharacterSetSettings", "CharacterReplacements", "characters.replace",
	  SETTING_REPLACEMENTS, NULL, 0, 0, NULL },
	{ "CharacterSetSettings", "CharacterSetSupport", NULL, SETTING_GROUP,
	  NULL, 0, 0, NULL },
	{ "CharacterSetSettings/CharacterSetSupport", "CharacterSet",
	  "characters.set", SETTING_TEXT, NULL, 0, 0, NULL },
	{ "CharacterSetSettings/CharacterSetSupport",
	  "ReplaceWithCharacterCodePoint", "characters.replace_missing",
	  SETTING_CODE_POINT, NULL, 0, 0, NULL },

	{ "ErrorBehavior", "DataErrorPolicy", "on_data_error", SETTING_ENUM,
	  "\"LOG_ERROR\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "DataTruncationErrorPolicy", "on_truncation",
	  SETTING_ENUM, "\"LOG_ERROR\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "DataErrorEscalationPolicy", "data_error_escalation",
	  SETTING_ENUM, "\"SUSPEND_TABLE\"", 0, 0, "SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "DataErrorEscalationCount", "data_error_limit",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },
	{ "ErrorBehavior", "EventErrorPolicy", "on_event_error", SETTING_ENUM,
	  "\"IGNORE\"", 0, 0, "IGNORE STOP_TASK" },
	{ "ErrorBehavior", "TableErrorPolicy", "on_table_error", SETTING_ENUM,
	  "\"SUSPEND_TABLE\"", 0, 0, "SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "TableErrorEscalationPolicy",
	  "table_error_escalation", SETTING_ENUM, "\"STOP_TASK\"", 0, 0,
	  "STOP_TASK" },
	{ "ErrorBehavior", "TableErrorEscalationCount", "table_error_limit",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },
	{ "ErrorBehavior", "RecoverableErrorCount", "retries", SETTING_NUMBER,
	  "-1", -1, INT32_MAX, NULL },
	{ "ErrorBehavior", "RecoverableErrorInterval", "retry_interval",
	  SETTING_SECONDS, "5", 0, INT32_MAX, NULL },
	{ "ErrorBehavior", "RecoverableErrorThrottling", "retry_throttling",
	  SETTING_BOOL, "true", 0, 0, NULL },
	{ "ErrorBehavior", "RecoverableErrorThrottlingMax",
	  "retry_interval_max", SETTING_SECONDS, "1800", 0, INT32_MAX, NULL },
	{ "ErrorBehavior", "RecoverableErrorStopRetryAfterThrottlingMax",
	  "retry_stop_at_max", SETTING_BOOL, "true", 0, 0, NULL },
	{ "ErrorBehavior", "ApplyErrorDeletePolicy", "on_delete_error",
	  SETTING_ENUM, "\"IGNORE_RECORD\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "ApplyErrorInsertPolicy", "on_insert_error",
	  SETTING_ENUM, "\"LOG_ERROR\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK INSERT_RECORD" },
	{ "ErrorBehavior", "ApplyErrorUpdatePolicy", "on_update_error",
	  SETTING_ENUM, "\"LOG_ERROR\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK UPDATE_RECORD" },
	{ "ErrorBehavior", "ApplyErrorEscalationPolicy",
	  "apply_error_escalation", SETTING_ENUM, "\"LOG_ERROR\"", 0, 0,
	  "LOG_ERROR SUSPEND_TABLE STOP_TASK" },
	{ "ErrorBehavior", "ApplyErrorEscalationCount", "apply_error_limit",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },
	{ "ErrorBehavior", "ApplyErrorFailOnTruncationDdl", "fail_on_truncate",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ErrorBehavior", "FullLoadIgnoreConflicts", "ignore_conflicts",
	  SETTING_BOOL, "true", 0, 0, NULL },
	{ "ErrorBehavior", "FailOnTransactionConsistencyBreached",
	  "fail_on_consistency_breach", SETTING_BOOL, "false", 0, 0, NULL },
	{ "ErrorBehavior", "FailOnNoTablesCaptured", "fail_on_no_tables",
	  SETTING_BOOL, "true", 0, 0, NULL },
	{ "ErrorBehavior", "DataMaskingErrorPolicy", "on_masking_error",
	  SETTING_ENUM, "\"STOP_TASK\"", 0, 0,
	  "IGNORE_RECORD LOG_ERROR SUSPEND_TABLE STOP_TASK" },

	{ "ValidationSettings", "EnableValidation", "validation", SETTING_BOOL,
	  "false", 0, 0, NULL },
	{ "ValidationSettings", "ValidationMode", "validation_mode",
	  SETTING_ENUM, "\"ROW_LEVEL\"", 0, 0,
	  "ROW_LEVEL=rows GROUP_LEVEL=groups" },
	{ "ValidationSettings", "ThreadCount", "validation_threads",
	  SETTING_NUMBER, "5", 1, 1000, NULL },
	{ "ValidationSettings", "PartitionSize", "validation_partition",
	  SETTING_NUMBER, "10000", 1, INT32_MAX, NULL },
	{ "ValidationSettings", "FailureMaxCount", "validation_failures_max",
	  SETTING_NUMBER, "10000", 1, INT32_MAX, NULL },
	{ "ValidationSettings", "TableFailureMaxCount",
	  "validation_table_failures_max", SETTING_NUMBER, "1000", 1, INT32_MAX,
	  NULL },
	{ "ValidationSettings", "RecordFailureDelayInMinutes",
	  "validation_delay", SETTING_MINUTES, "5", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "RecordFailureDelayLimitInMinutes",
	  "validation_delay_limit", SETTING_MINUTES, "0", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "RecordSuspendDelayInMinutes",
	  "validation_suspend", SETTING_MINUTES, "30", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "MaxKeyColumnSize", "validation_key_size",
	  SETTING_NUMBER, "8096", 1, INT32_MAX, NULL },
	{ "ValidationSettings", "HandleCollationDiff", "validation_collation",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ValidationSettings", "SkipLobColumns", "validation_skip_lobs",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ValidationSettings", "ValidationPartialLobSize",
	  "validation_lob_size", SETTING_KIB, "0", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "ValidationQueryCdcDelaySeconds",
	  "validation_cdc_delay", SETTING_SECONDS, "0", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "ValidationOnly", "validation_only",
	  SETTING_BOOL, "false", 0, 0, NULL },
	{ "ValidationSettings", "ValidationS3Mask", "validation_s3_mask",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },
	{ "ValidationSettings", "ValidationS3Time", "validation_s3_time",
	  SETTING_NUMBER, "0", 0, INT32_MAX, NULL },

	{ "TTSettings", "EnableTT", "time_travel.enable", SETTING_BOOL, "false",
	  0, 0, NULL },
	{ "TTSettings", "TTS3Settings", NULL, SETTING_GROUP, "null", 0, 0,
	  NULL },
	{ "TTSettings", "TTRecordSettings", NULL, SETTING_GROUP, "null", 0, 0,
	  NULL },
	{ "TTSettings/TTS3Settings", "EncryptionMode", "time_travel.encryption",
	  SETTING_ENUM, NULL, 0, 0, "SSE_S3 SSE_KMS" },
	{ "TTSettings/TTS3Settings", "ServerSideEncryptionKmsKeyId",
	  "time_travel.kms_key", SETTING_TEXT, NULL, 0, 0, NULL },
	{ "TTSettings/TTS3Settings", "ServiceAccessRoleArn", "time_travel.role",
	  SETTING_TEXT, NULL, 0, 0, NULL },
	{ "TTSettings/TTS3Settings", "BucketName", "time_travel.bucket",
	  SETTING_TEXT, NULL, 0, 0, NULL },
	{ "TTSettings/TTS3Settings", "BucketFolder", "time_travel.folder",
	  SETTING_TEXT, NULL, 0, 0, NULL },
	{ "TTSettings/TTS3Settings", "EnableDeletingFromS3OnTaskDelete",
	  "time_travel.delete_with_task", SETTING_BOOL, NULL, 0, 0, NULL },
	{ "TTSettings/TTRecordSettings", "EnableRawData",
	  "time_travel.raw_data", SETTING_BOOL, NULL, 0, 0, NULL },
	{ "TTSettings/TTRecordSettings", "RawDataFormat",
	  "time_travel.raw_format", SETTING_ENUM, NULL, 0, 0, "TEXT HEX" },
	{ "TTSettings/TTRecordSettings", "OperationsToLog",
	  "time_travel.operations", SETTING_TEXTS, NULL, 0, 0,
	  "ALL INSERT UPDATE DELETE COMMIT ROLLBACK" },
	{ "TTSettings/TTRecordSettings", "MaxRecordSize",
	  "time_travel.record_max", SETTING_KIB, NULL, 1, INT32_MAX, NULL },

	{ NULL, "FailTaskWhenCleanTaskResourceFailed", "fail_on_clean_up",
	  SETTING_BOOL, "false", 0, 0, NULL },

	{ "PostProcessingRules", NULL, NULL, SETTING_DOCUMENT, "null", 0, 0,
	  NULL },

	{ "ResyncSettings", NULL, NULL, SETTING_GROUP, NULL, 0, 0, NULL },
	{ "ResyncSettings", "EnableResync", "resync.enable", SETTING_BOOL, NULL,
	  0, 0, NULL },
	{ "ResyncSettings", "ResyncSchedule", "resync.schedule", SETTING_TEXT,
	  NULL, 0, 0, NULL },
	{ "ResyncSettings", "MaxResyncTime", "resync.time_max", SETTING_MINUTES,
	  NULL, 5, 14400, NULL },
	{ "ResyncSettings", "ValidationTaskId", "resync.validation_task",
	  SETTING_TEXT, NULL, 0, 0, NULL },
};

const char *const setting_log_components[] = {
	"TRANSFORMATION", "SOURCE_UNLOAD",    "IO",
	"TARGET_LOAD",	  "PERFORMANCE",      "SOURCE_CAPTURE",
	"SORTER",	  "REST_SERVER",      "VALIDATOR_EXT",
	"VALIDATOR",	  "TARGET_APPLY",     "TASK_MANAGER",
	"TABLES_MANAGER", "METADATA_MANAGER", "FILE_FACTORY",
	"COMMON",	  "ADDONS",	      "DATA_STRUCTURE",
	"COMMUNICATION",  "FILE_TRANSFER",    "DATA_RESYNC",
};

const size_t setting_n_log_components =
    sizeof(setting_log_components) / sizeof(setting_log_components[0]);

const char setting_log_severities[] =
    "LOGGER_SEVERITY_ERROR=error LOGGER_SEVERITY_WARNING=warning "
    "LOGGER_SEVERITY_INFO=info LOGGER_SEVERITY_DEFAULT=default "
    "LOGGER_SEVERITY_DEBUG=debug "
    "LOGGER_SEVERITY_DETAILED_DEBUG=detailed_debug";

const size_t setting_count = sizeof(setting_table) / sizeof(setting_table[0]);

/* A name that is NULL equals an empty text. */
static bool is(struct str s, const char *name)
{
	return str_eq(s, str_from(name));
}

const struct setting *setting_find(struct str group, struct str key)
{
	for (size_t i = 0; i < setting_count; i++)
		if (is(group, setting_table[i].group) &&
		    is(key, setting_table[i].key))
			return &setting_table[i];
	return NULL;
}

bool setting_is_in(const struct setting *s, struct str block, struct str *name)
{
	struct str left = STR("");

	*name = str_from(s->name);
	if (str_find(*name, '.') >= 0)
		left = str_cut(name, '.');
	return name->n && str_eq(block, left);
}

const struct setting *setting_by_name(struct str block, struct str name)
{
	struct str own;

	for (size_t i = 0; i < setting_count; i++)
		if (setting_is_in(&setting_table[i], block, &own) &&
		    str_eq(name, own))
			return &setting_table[i];
	return NULL;
}

bool setting_is_block(struct str block)
{
	for (size_t i = 0; i < setting_count; i++) {
		struct str name = str_from(setting_table[i].name);

		if (str_find(name, '.') >= 0 &&
		    str_eq(block, str_cut(&name, '.')))
			return true;
	}
	return false;
}

bool setting_is_group(struct str group)
{
	for (size_t i = 0; group.n && i < setting_count; i++)
		if (is(group, setting_table[i].group))
			return true;
	return false;
}

static bool is_lower_of(struct str word, struct str member)
{
	if (word.n != member.n)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		char c = member.s[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != word.s[i])
			return false;
	}
	return true;
}

struct str setting_member(const struct setting *s, struct str word)
{
	struct str rest = str_from(s->members);

	while (rest.n) {
		struct str other = str_cut(&rest, ' ');
		struct str member = str_cut(&other, '=');

		if (str_eq(word, member) ||
		    (other.n ? str_eq(word, other) : is_lower_of(word, member)))
			return member;
	}
	return STR("");
}

bool setting_is_member(const struct setting *s, struct str text)
{
	return text.n && str_eq(setting_member(s, text), text);
}
