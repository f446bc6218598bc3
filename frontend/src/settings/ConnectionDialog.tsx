import { PlugZap, Square } from "lucide-react";
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { ApiError, messageOf } from "../client";
import type { ConnectionForm, ConnectionTable } from "../protocol";
import { useApi } from "../session";
import { announce, Button, Dialog, Field, Input, Select, StateWords } from "../ui";
import {
  type ConnectionKind,
  type FieldName,
  formOf,
  hasServer,
  isFile,
  KINDS,
  type PasswordPlace,
  PLACES,
  passwordOf,
  portOf,
  problemsOf,
  secretOf,
  type Typed,
  typedOf,
} from "./connectionForm";
import { TestResult } from "./TestResult";
import { useTest } from "./useTest";

export interface ConnectionDialogProps {
  /** The one to change; null makes a new one. */
  table: ConnectionTable | null;
  taken: readonly string[];
  keyring: boolean;
  onDone(): void;
  onClose(): void;
}

/** Where a database is and who asks, tried before it is saved. The password goes one way only. */
export function ConnectionDialog(props: ConnectionDialogProps): ReactElement {
  const { table, keyring } = props;
  const api = useApi();
  const test = useTest();
  const [typed, setTyped] = useState<Typed>(() => typedOf(table));
  const [insisted, setInsisted] = useState(false);
  const [refused, setRefused] = useState<{ field: string; message: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const came = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (test.came !== null || refused !== null) came.current?.scrollIntoView({ block: "nearest" });
  }, [test.came, refused]);
  const { form, place } = typed;
  const { kind } = form;
  const taken = props.taken.filter((name) => name !== table?.name);
  const problems = problemsOf(typed, taken);
  const isSound = Object.keys(problems).length === 0;

  const change = (changed: Partial<Typed>): void => {
    setTyped((before) => ({ ...before, ...changed }));
    setRefused(null);
    test.forget();
  };
  const changeForm = (changed: Partial<ConnectionForm>): void =>
    change({ form: { ...form, ...changed } });
  const errorOf = (field: FieldName): string | undefined => {
    if (refused?.field === field) return refused.message;
    return insisted ? problems[field] : undefined;
  };
  const body = (): { form: ConnectionForm; password: ReturnType<typeof passwordOf> } => ({
    form: formOf(typed),
    password: passwordOf(typed),
  });
  const tryIt = (): void => {
    setInsisted(true);
    if (isSound) test.start(typed.name, body());
  };
  const save = async (): Promise<void> => {
    setInsisted(true);
    if (!isSound || busy) return;
    setBusy(true);
    try {
      if (table === null) await api.post("connections", { name: typed.name, ...body() });
      else await api.put(`connections/${encodeURIComponent(typed.name)}`, body());
      announce(`${typed.name} is saved.`);
      props.onDone();
    } catch (thrown) {
      const field = thrown instanceof ApiError ? thrown.details["field"] : "";
      const name = String(field ?? "").replace(/^form\./, "");
      setRefused({ field: name, message: messageOf(thrown) });
    } finally {
      setBusy(false);
    }
  };
  const text = (field: "host" | "database" | "user", label: string, note?: ReactNode) => (
    <Field label={label} note={note} error={errorOf(field)}>
      {(control) => (
        <Input
          {...control}
          value={form[field]}
          onChange={(event) => changeForm({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <Dialog
      title={table === null ? "Add a connection" : `Connection ${table.name}`}
      wide
      onClose={props.onClose}
      onSubmit={() => void save()}
      footer={
        <>
          {test.busy ? (
            <Button icon={Square} onClick={test.stop}>
              Stop the test
            </Button>
          ) : (
            <Button icon={PlugZap} onClick={tryIt}>
              Test
            </Button>
          )}
          <span className="dialog-space" />
          <Button onClick={props.onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy}>
            Save
          </Button>
        </>
      }
    >
      <div className="form connection-form">
        {table === null ? (
          <Field
            label="Name"
            error={errorOf("name")}
            note="What SQL blocks call it, such as warehouse"
          >
            {(control) => (
              <Input
                {...control}
                value={typed.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
        ) : null}
        <Field label="Kind">
          {(control) => (
            <Select
              {...control}
              value={kind}
              onChange={(event) => changeForm({ kind: event.target.value as ConnectionKind })}
            >
              {KINDS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {kind === "other" ? (
          <Field
            label="URL"
            error={errorOf("url")}
            note={
              <>
                As SQLAlchemy writes it. Write <code>{`\${NAME}`}</code> for a password, and keep it
                by <code>headrace secrets set NAME</code>
              </>
            }
          >
            {(control) => (
              <Input
                {...control}
                mono
                value={form.url}
                onChange={(event) => changeForm({ url: event.target.value })}
              />
            )}
          </Field>
        ) : isFile(kind) ? (
          text("database", "File", "Relative to the project, such as data/warehouse.db")
        ) : !hasServer(kind) ? null : (
          <>
            {text("host", "Host")}
            <Field label="Port" error={errorOf("port")}>
              {(control) => (
                <Input
                  {...control}
                  inputMode="numeric"
                  placeholder={portOf(kind)}
                  value={typed.port}
                  onChange={(event) => change({ port: event.target.value })}
                />
              )}
            </Field>
            {text("database", "Database")}
            {text("user", "User", "One that may only read is the safest")}
            <Field label="Password from">
              {(control) => (
                <Select
                  {...control}
                  value={place}
                  onChange={(event) => change({ place: event.target.value as PasswordPlace })}
                >
                  {PLACES.filter(
                    ([value]) => value !== "keyring" || keyring || place === value,
                  ).map(([value, words]) => (
                    <option key={value} value={value}>
                      {words}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            {place === "none" ? null : (
              <PasswordFields
                typed={typed}
                table={table}
                errorOf={errorOf}
                passwordError={refused?.field.startsWith("password") ? refused.message : undefined}
                onChange={change}
              />
            )}
          </>
        )}
        {kind === "other" ? null : (
          <Field label="Options" note="What follows the ? of the URL, such as sslmode=require">
            {(control) => (
              <Input
                {...control}
                mono
                value={form.options}
                onChange={(event) => changeForm({ options: event.target.value })}
              />
            )}
          </Field>
        )}
        <div ref={came} className="connection-came" aria-live="polite">
          {test.busy ? (
            <StateWords sign="running">Opening {typed.name}…</StateWords>
          ) : test.came !== null ? (
            <TestResult came={test.came} />
          ) : refused !== null && !KNOWN.has(refused.field) ? (
            <StateWords sign="failed">{refused.message}</StateWords>
          ) : null}
        </div>
      </div>
    </Dialog>
  );
}

/** Fields that show their own refusals. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["name", "host", "port", "database", "user", "secret", "url", "password", "password.value"],
]);

interface PasswordFieldsProps {
  typed: Typed;
  table: ConnectionTable | null;
  errorOf(field: FieldName): string | undefined;
  passwordError: string | undefined;
  onChange(changed: Partial<Typed>): void;
}

function PasswordFields(props: PasswordFieldsProps): ReactElement {
  const { typed, table, errorOf, onChange } = props;
  const { place } = typed;
  const name = secretOf(typed);
  const found = table?.secrets.find((secret) => secret.name === name)?.place;
  const isKept = found === place;
  return (
    <>
      {place === "environment" ? null : (
        <Field
          label="Password"
          error={props.passwordError}
          note={isKept ? "One is kept; leave this empty to keep it" : undefined}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              placeholder={isKept ? "••••••••" : ""}
              value={typed.password}
              onChange={(event) => onChange({ password: event.target.value })}
            />
          )}
        </Field>
      )}
      <Field
        label={place === "environment" ? "Variable" : "Kept as"}
        error={errorOf("secret")}
        note={
          place === "environment" ? (
            found === "environment" ? (
              "It is set in this server"
            ) : (
              "Set it before the server starts"
            )
          ) : (
            <>
              headrace.yaml says <code>{`\${${name}}`}</code> and never the password
            </>
          )
        }
      >
        {(control) => (
          <Input
            {...control}
            mono
            value={name}
            onChange={(event) => onChange({ secret: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
