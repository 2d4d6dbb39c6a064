CREATE TRIGGER "review_log_is_append_only" BEFORE UPDATE OR DELETE ON "plimsoll"."review_log" FOR EACH ROW EXECUTE FUNCTION "plimsoll"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "review_log_is_kept" BEFORE TRUNCATE ON "plimsoll"."review_log" FOR EACH STATEMENT EXECUTE FUNCTION "plimsoll"."refuse_change"();
