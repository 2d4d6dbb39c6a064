CREATE FUNCTION "plimsoll"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'plimsoll.% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "artifacts_are_immutable" BEFORE UPDATE OR DELETE ON "plimsoll"."artifacts" FOR EACH ROW EXECUTE FUNCTION "plimsoll"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "audit_log_is_append_only" BEFORE UPDATE OR DELETE ON "plimsoll"."audit_log" FOR EACH ROW EXECUTE FUNCTION "plimsoll"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "artifacts_are_kept" BEFORE TRUNCATE ON "plimsoll"."artifacts" FOR EACH STATEMENT EXECUTE FUNCTION "plimsoll"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "audit_log_is_kept" BEFORE TRUNCATE ON "plimsoll"."audit_log" FOR EACH STATEMENT EXECUTE FUNCTION "plimsoll"."refuse_change"();
