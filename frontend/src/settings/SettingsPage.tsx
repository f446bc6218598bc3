import type { ReactElement, ReactNode } from "react";
import { useResource } from "../session";
import {
  formatBytes,
  LoadFailed,
  Page,
  Segmented,
  setSingleKeys,
  setTheme,
  type Theme,
  useSingleKeys,
  useTheme,
} from "../ui";
import { Channels } from "./Channels";
import { Connections } from "./Connections";
import "./settings.css";

interface Status {
  version: string;
  project: string;
  state: string;
  problem: string | null;
  scheduler: boolean;
  pipelines: number;
  sessions: number;
  peak_rss_bytes: number;
  loop_lag_ms: number;
  store_bytes?: number;
  disk_free_bytes: number;
  disk_low: boolean;
}

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

const SWITCH = [
  { value: "on", label: "On" },
  { value: "off", label: "Off" },
] as const;

/** Looks, keys, databases, who is told of runs, versions and what the server uses. */
export function SettingsPage(): ReactElement {
  const theme = useTheme();
  const singleKeys = useSingleKeys();
  const { data, error, reload } = useResource("status", (api, signal) =>
    api.get<Status>("status", { signal }),
  );
  return (
    <Page title="Settings">
      <div className="settings">
        <h1 className="visually-hidden">Settings</h1>
        <Section title="Appearance">
          <Row label="Colours">
            <Segmented label="Colours" value={theme} choices={THEMES} onChange={setTheme} />
          </Row>
        </Section>
        <Section title="Keyboard">
          <Row label="Keys without Ctrl or Alt, such as A and G B">
            <Segmented
              label="Keys without Ctrl or Alt"
              value={singleKeys ? "on" : "off"}
              choices={SWITCH}
              onChange={(value) => setSingleKeys(value === "on")}
            />
          </Row>
        </Section>
        <Connections />
        <Channels />
        {error === undefined || data !== undefined ? null : (
          <LoadFailed error={error} onRetry={reload} />
        )}
        {data === undefined ? null : <Server status={data} />}
      </div>
    </Page>
  );
}

function Server({ status }: { status: Status }): ReactElement {
  return (
    <>
      <Section title="Project">
        <Row label="Folder">{status.project}</Row>
        <Row label="Pipelines">{status.pipelines}</Row>
        {status.store_bytes === undefined ? null : (
          <Row label="Outputs on disk">{formatBytes(status.store_bytes)}</Row>
        )}
        <Row label="Free on the disk">
          {formatBytes(status.disk_free_bytes)}
          {status.disk_low ? ", too little for schedules to start runs" : ""}
        </Row>
      </Section>
      <Section title="Server">
        <Row label="Version">Headrace {status.version}</Row>
        <Row label="State">{status.problem ?? status.state}</Row>
        <Row label="Scheduler">
          {status.scheduler ? "starts runs by their schedules" : "off in this server"}
        </Row>
        <Row label="Open pipelines">{status.sessions}</Row>
        <Row label="Memory, at most">{formatBytes(status.peak_rss_bytes)}</Row>
        <Row label="Slowest answer of its loop">{status.loop_lag_ms} ms in the last minute</Row>
      </Section>
    </>
  );
}

function Section(props: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="card settings-section">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

function Row(props: { label: string; children: ReactNode }): ReactElement {
  return (
    <div className="settings-row">
      <span className="muted">{props.label}</span>
      <span>{props.children}</span>
    </div>
  );
}
