CREATE SCHEMA "plimsoll";
--> statement-breakpoint
CREATE TABLE "plimsoll"."artifacts" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"bytes" "bytea" NOT NULL,
	"size_bytes" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plimsoll"."audit_log" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"entry" text NOT NULL,
	"previous" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plimsoll"."idempotency_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"run_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plimsoll"."proposal_states" (
	"proposal_id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"state" text NOT NULL,
	"execution_id" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plimsoll"."runs" (
	"id" text PRIMARY KEY NOT NULL,
	"status" text NOT NULL,
	"options" jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"summary" jsonb,
	"error" jsonb,
	"recommendation_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "artifacts_by_kind" ON "plimsoll"."artifacts" USING btree ("kind","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_log_hash" ON "plimsoll"."audit_log" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "runs_by_time" ON "plimsoll"."runs" USING btree ("created_at","id");