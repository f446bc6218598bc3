import { Pencil, PlugZap, Plus, Square, Trash2 } from "lucide-react";
import { type ReactElement, useState } from "react";
import type { Connections as ConnectionList, ConnectionTable } from "../protocol";
import { useApi, useResource } from "../session";
import {
  announce,
  Button,
  Dialog,
  EmptyState,
  IconButton,
  Link,
  LoadFailed,
  plural,
  StateWords,
  toastError,
} from "../ui";
import { ConnectionDialog } from "./ConnectionDialog";
import { kindWords, missingWords, secretWords, whereWords } from "./connectionForm";
import { TestResult } from "./TestResult";
import { useTest } from "./useTest";

type Shown = { kind: "edit"; table: ConnectionTable | null } | { kind: "remove"; name: string };

/** The databases of headrace.yaml: add one, try it, change it, take it out. */
export function Connections(): ReactElement {
  const { data, error, reload } = useResource(
    "connections",
    (api, signal) => api.get<ConnectionList>("connections", { signal }),
    (event) => event.op === "settings-changed" || event.op === "pipelines-changed",
  );
  const [shown, setShown] = useState<Shown | null>(null);
  const close = (): void => setShown(null);
  const done = (): void => {
    close();
    reload();
  };
  const removed =
    shown?.kind === "remove"
      ? data?.connections.find(({ name }) => name === shown.name)
      : undefined;
  return (
    <section className="card settings-section" aria-labelledby="connections">
      <div className="settings-head">
        <h2 id="connections">Connections</h2>
        {data === undefined || data.connections.length === 0 ? null : (
          <AddButton onClick={() => setShown({ kind: "edit", table: null })} />
        )}
      </div>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {data?.problems.map((problem) => (
        <p key={problem} className="channel-problem">
          <StateWords sign="failed">{problem}</StateWords>
        </p>
      ))}
      {data === undefined ? null : data.connections.length === 0 ? (
        <EmptyState
          title="No database is connected"
          actions={<AddButton onClick={() => setShown({ kind: "edit", table: null })} />}
        >
          SQL blocks run on DuckDB over the blocks before them. With a connection, they run on
          PostgreSQL, MySQL, MariaDB, SQLite, a DuckDB file, or what else SQLAlchemy reaches.
        </EmptyState>
      ) : (
        <ul className="channels">
          {data.connections.map((table) => (
            <ConnectionRow
              key={table.name}
              table={table}
              onEdit={() => setShown({ kind: "edit", table })}
              onRemove={() => setShown({ kind: "remove", name: table.name })}
            />
          ))}
        </ul>
      )}
      {shown?.kind !== "edit" || data === undefined ? null : (
        <ConnectionDialog
          table={shown.table}
          taken={data.connections.map(({ name }) => name)}
          keyring={data.keyring}
          onDone={done}
          onClose={close}
        />
      )}
      {removed === undefined ? null : (
        <RemoveDialog table={removed} onDone={done} onClose={close} />
      )}
    </section>
  );
}

function AddButton({ onClick }: { onClick(): void }): ReactElement {
  return (
    <Button size="small" icon={Plus} onClick={onClick}>
      Add a connection
    </Button>
  );
}

interface RowProps {
  table: ConnectionTable;
  onEdit(): void;
  onRemove(): void;
}

function ConnectionRow({ table, onEdit, onRemove }: RowProps): ReactElement {
  const { name, form, used_by, plain_password } = table;
  const test = useTest();
  const missing = missingWords(table);
  const secrets = secretWords(table);
  return (
    <li className="channel">
      <div>
        <div>
          <strong>{name}</strong> <span className="muted">{kindWords(form.kind)}</span>
        </div>
        <div className="muted channel-note connection-where">{whereWords(form)}</div>
        {secrets === "" ? null : <div className="muted channel-note">{secrets}</div>}
        {used_by.length === 0 ? null : (
          <div className="muted channel-note">
            Used by{" "}
            {used_by.length > 3
              ? plural(used_by.length, "pipeline")
              : used_by.map((pipeline, index) => (
                  <span key={pipeline}>
                    {index === 0 ? "" : ", "}
                    <Link to={`/p/${pipeline}`}>{pipeline}</Link>
                  </span>
                ))}
          </div>
        )}
        <div className="channel-note">
          {missing === null ? null : <StateWords sign="failed">{missing}</StateWords>}
          {plain_password ? (
            <StateWords sign="stale">
              Its password stands in headrace.yaml: edit it to move it to a safe place
            </StateWords>
          ) : null}
          {test.came === null ? null : <TestResult came={test.came} />}
        </div>
      </div>
      <div className="connection-actions">
        {test.busy ? (
          <Button
            size="small"
            icon={Square}
            aria-label={`Stop the test of ${name}`}
            onClick={test.stop}
          >
            Stop
          </Button>
        ) : (
          <Button
            size="small"
            icon={PlugZap}
            aria-label={`Test ${name}`}
            onClick={() => test.start(name, {})}
          >
            Test
          </Button>
        )}
        <IconButton label={`Edit ${name}`} icon={Pencil} onClick={onEdit} />
        <IconButton label={`Remove ${name}`} icon={Trash2} onClick={onRemove} />
      </div>
    </li>
  );
}

interface RemoveProps {
  table: ConnectionTable;
  onDone(): void;
  onClose(): void;
}

function RemoveDialog({ table, onDone, onClose }: RemoveProps): ReactElement {
  const api = useApi();
  const { name, used_by } = table;
  const kept = table.secrets.filter(({ place }) => place === "file" || place === "keyring");
  const [forget, setForget] = useState(kept.length > 0);
  const remove = (): void => {
    api
      .delete(`connections/${encodeURIComponent(name)}`, { query: { forget: String(forget) } })
      .then(() => {
        announce(`${name} was removed.`);
        onDone();
      })
      .catch(toastError);
  };
  return (
    <Dialog
      title={`Remove ${name}?`}
      onClose={onClose}
      onSubmit={remove}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" data-autofocus>
            Remove
          </Button>
        </>
      }
    >
      <p>
        It is taken out of <code>headrace.yaml</code>; the database itself stays as it is.
        {used_by.length === 0 ? null : (
          <> Blocks of {used_by.join(", ")} run on it, and cannot any more.</>
        )}
      </p>
      {kept.length === 0 ? null : (
        <label className="connection-forget">
          <input
            type="checkbox"
            checked={forget}
            onChange={(event) => setForget(event.target.checked)}
          />{" "}
          Forget {kept.map((secret) => secret.name).join(" and ")} too, when nothing else needs it
        </label>
      )}
    </Dialog>
  );
}
