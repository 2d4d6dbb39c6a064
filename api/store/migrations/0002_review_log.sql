CREATE TABLE "plimsoll"."review_log" (
	"proposal_id" text NOT NULL,
	"seq" integer NOT NULL,
	"entry" text NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "review_log_proposal_id_seq_pk" PRIMARY KEY("proposal_id","seq")
);
