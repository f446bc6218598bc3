import type { ReactElement } from "react";
import type { Connections } from "../../protocol";
import { useResource } from "../../session";
import { Field, Link, Select, Switch } from "../../ui";

interface Props {
  connection: string;
  writes: boolean;
  onConnection(name: string): void;
  onWrites(writes: boolean): void;
}

/** The database that a SQL block runs on, and whether its statement may change that. */
export function ConnectionFields(props: Props): ReactElement {
  const { connection, writes } = props;
  const { data } = useResource(
    "connections",
    (api, signal) => api.get<Connections>("connections", { signal }),
    (event) => event.op === "settings-changed",
  );
  const names = data?.connections.map(({ name }) => name) ?? [];
  const isUnknown = data !== undefined && connection !== "" && !names.includes(connection);
  const listed = connection === "" || names.includes(connection) ? names : [connection, ...names];
  return (
    <>
      <Field
        label="Connection"
        error={
          isUnknown ? `headrace.yaml declares no connection ${connection}: add it.` : undefined
        }
        note={
          <>
            The database that it runs on; <Link to="/settings">Settings</Link> has them all
          </>
        }
      >
        {(control) => (
          <Select
            {...control}
            data-autofocus
            value={connection}
            onChange={(event) => props.onConnection(event.target.value)}
          >
            <option value="">none: DuckDB over the blocks upstream</option>
            {listed.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {connection === "" && !writes ? null : (
        <div className="field">
          <span className="field-label">Writes</span>
          <Switch label="Writes" checked={writes} onChange={props.onWrites} />
          <div className="field-note">
            {writes
              ? "Its statement may change the database, in one transaction each time that it runs"
              : "Off: the statement and its session may only read"}
          </div>
        </div>
      )}
    </>
  );
}
