import { FileInput, Plus } from "lucide-react";
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { AnyEvent, PipelineSummary, RunSummary } from "../protocol";
import { useApi, useResource } from "../session";
import {
  Button,
  chooseNotebook,
  EmptyState,
  type Finding,
  formatDate,
  Input,
  Kbd,
  LoadFailed,
  navigate,
  Page,
  runCommand,
  toastError,
  useCommands,
  useFindings,
  useNow,
} from "../ui";
import { Cards, type Lately } from "./Cards";
import { matching } from "./model";
import { NewPipeline } from "./NewPipeline";
import { PipelinesTable } from "./PipelinesTable";
import "./home.css";

const TODAY_LIMIT = 200;
const NOTHING: readonly PipelineSummary[] = [];

/** All pipelines: how they are, when they start next, how their last runs went. */
export function HomePage(): ReactElement {
  const api = useApi();
  const [query, setQuery] = useState("");
  const [creating, setCreating] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const notebook = useRef<HTMLInputElement>(null);
  const now = useNow("slow");
  const list = useResource(
    "pipelines",
    async (from, signal) =>
      (await from.get<{ pipelines: PipelineSummary[] }>("pipelines", { signal })).pipelines,
    changesList,
  );
  const { today, more } = useToday();
  const lately = useFailedLately();
  const storedBytes = useStoredBytes();
  const pipelines = list.data ?? NOTHING;
  const shown = useMemo(() => matching(pipelines, query), [pipelines, query]);

  useDrop();
  useCommands({
    "new-pipeline": () => setCreating(true),
    "import-notebook": () => notebook.current?.click(),
    "search-page": () => search.current?.focus(),
  });
  useFindings(useCallback(() => findingsOf(pipelines), [pipelines]));

  const handleSwitch = (pipeline: PipelineSummary, on: boolean): void => {
    const triggers = pipeline.triggers.map((trigger) => ({ ...trigger, active: on }));
    list.replace(pipelines.map((one) => (one.name === pipeline.name ? { ...one, triggers } : one)));
    Promise.all(
      triggers.map(({ name }) =>
        api.patch(`pipelines/${pipeline.name}/triggers/${name}`, { active: on }),
      ),
    )
      .catch(toastError)
      .finally(list.reload);
  };

  return (
    <Page
      title="Pipelines"
      actions={
        <>
          <Button className="find" onClick={() => runCommand("palette")}>
            <span className="muted">Find pipeline, block, command…</span>
            <Kbd keys="Ctrl+k" />
          </Button>
          <input
            ref={notebook}
            type="file"
            hidden
            aria-label="Notebook"
            accept=".ipynb,.py"
            onChange={(event) => importFirst(event.target.files)}
          />
          <Button icon={FileInput} onClick={() => notebook.current?.click()}>
            Import
          </Button>
          <Button look="primary" icon={Plus} onClick={() => setCreating(true)}>
            New pipeline
          </Button>
        </>
      }
    >
      <h1 className="visually-hidden">Pipelines</h1>
      {list.error === undefined || list.data !== undefined ? null : (
        <LoadFailed error={list.error} onRetry={list.reload} />
      )}
      {list.data === undefined ? null : pipelines.length === 0 ? (
        <NoPipelines onCreate={() => setCreating(true)} />
      ) : (
        <>
          <Cards {...{ pipelines, today, more, lately, storedBytes, now }} />
          {pipelines.length < 8 && query === "" ? null : (
            <div className="toolbar">
              <Input
                ref={search}
                type="search"
                aria-label="Search pipelines"
                placeholder="Search pipelines  ( / )"
                value={query}
                onChange={(event) => setQuery(event.target.value)}
              />
            </div>
          )}
          {shown.length === 0 ? (
            <EmptyState title={`No pipeline is called “${query}”`}>
              Search looks at titles and names.
            </EmptyState>
          ) : (
            <PipelinesTable pipelines={shown} onSwitch={handleSwitch} />
          )}
          <p className="home-hint muted">
            <Kbd keys="n" /> new pipeline · <Kbd keys="Ctrl+k" /> find anything · <Kbd keys="?" />{" "}
            shortcuts
          </p>
        </>
      )}
      {creating ? (
        <NewPipeline taken={pipelines.map(({ name }) => name)} onClose={() => setCreating(false)} />
      ) : null}
    </Page>
  );
}

/** Goes on with the first file: what it becomes is seen before anything is made. */
function importFirst(files: FileList | null | undefined): void {
  const file = files?.[0];
  if (file === undefined) return;
  chooseNotebook(file).then(() => navigate("/import"), toastError);
}

/** A notebook that is dropped anywhere on the page is imported. */
function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      importFirst(event.dataTransfer.files);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("drop", drop);
    };
  }, []);
}

function NoPipelines(props: { onCreate(): void }): ReactElement {
  return (
    <div className="card">
      <EmptyState
        title="No pipelines yet"
        actions={
          <Button look="primary" icon={Plus} command="new-pipeline" onClick={props.onCreate}>
            New pipeline
          </Button>
        }
      >
        A pipeline is a list of blocks of Python or SQL that hand data to one another. Press N to
        make the first one.
      </EmptyState>
    </div>
  );
}

function changesList(event: AnyEvent): boolean {
  return (
    event.op === "pipelines-changed" ||
    event.op === "run-changed" ||
    event.op === "triggers-changed"
  );
}

function useToday(): { today: RunSummary[] | undefined; more: boolean } {
  const { data } = useResource(
    "today",
    (api, signal) =>
      api.get<{ runs: RunSummary[] }>("runs", { query: { limit: TODAY_LIMIT }, signal }),
    (event) => event.op === "run-changed",
  );
  const midnight = new Date().setHours(0, 0, 0, 0);
  const today = data?.runs.filter(
    (run) => run.origin !== "editor" && Date.parse(run.queued_at) >= midnight,
  );
  return { today, more: data?.runs.length === TODAY_LIMIT && today?.length === TODAY_LIMIT };
}

const LATELY_LIMIT = 100;

/** Failures since yesterday began, which may have passed since. */
function useFailedLately(): Lately | undefined {
  const first = new Date();
  first.setHours(0, 0, 0, 0);
  first.setDate(first.getDate() - 1);
  const day = formatDate(first);
  const { data } = useResource(
    `failed since ${day}`,
    (api, signal) => {
      const query = { state: "failed", since: first.toISOString(), limit: LATELY_LIMIT };
      return api.get<{ runs: RunSummary[] }>("runs", { query, signal });
    },
    (event) => event.op === "run-changed" && event.run.finished_at !== null,
  );
  const failed = data?.runs.filter(({ origin }) => origin !== "editor");
  return failed && { failed, address: `/runs?state=failed&time=${day}_` };
}

function useStoredBytes(): number | undefined {
  const { data } = useResource(
    "status",
    (api, signal) => api.get<{ store_bytes?: number }>("status", { signal }),
    (event) => event.op === "run-changed" && event.run.finished_at !== null,
  );
  return data?.store_bytes;
}

function findingsOf(pipelines: readonly PipelineSummary[]): Finding[] {
  return pipelines.map(({ name, title }) => ({
    id: `pipeline ${name}`,
    title,
    detail: name === title ? undefined : name,
    group: "Pipelines",
    run: () => navigate(`/p/${name}`),
  }));
}
