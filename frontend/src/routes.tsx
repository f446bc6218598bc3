/** Which page stands at which address. Features meet here and nowhere else. */
import { type ComponentProps, lazy, type ReactElement } from "react";
import { HomePage } from "./home";
import { later } from "./later";
import { draftDiffers, useSession } from "./session";
import { EditorSlotsContext, EmptyState, Link, matchPath, Page, usePlace } from "./ui";

const RunsPage = later(async () => (await import("./runs")).RunsPage, Blank);
const RunPage = later(async () => (await import("./runs")).RunPage, Blank);
const CompareRunsPage = later(async () => (await import("./runs")).CompareRunsPage, Blank);
const SchedulesPage = later(async () => (await import("./schedule")).SchedulesPage, Blank);
const BackfillPage = later(async () => (await import("./backfill")).BackfillPage, Blank);
const ActiveBackfills = later(async () => (await import("./backfill")).ActiveBackfills, Nothing);
const ImportPage = later(async () => (await import("./import")).ImportPage, Blank);
const SettingsPage = later(async () => (await import("./settings")).SettingsPage, Blank);

const EditorPage = later(async () => (await import("./editor")).EditorPage, Blank);
const Canvas = lazy(() => import("./canvas/Canvas"));
const Preview = later(async () => (await import("./data")).Preview, Nothing);
const CodeView = later(async () => (await import("./editor/code/CodeView")).default, Nothing);
const CompareOutputs = later(
  async () => (await import("./data/compare/CompareOutputs")).CompareOutputs,
  Nothing,
);
const Difference = later(async () => (await import("./editor/code/Difference")).default, Nothing);
const DataPanel = later(async () => (await import("./data")).DataPanel, Nothing);
const ScheduleSheet = lazy(async () => ({ default: (await import("./schedule")).ScheduleSheet }));

type Values = Record<string, string>;

const ROUTES: readonly (readonly [pattern: string, page: (values: Values) => ReactElement])[] = [
  ["/", () => <HomePage />],
  ["/import", () => <ImportPage />],
  ["/runs", () => <RunsPage backfills={ActiveBackfills} />],
  ["/schedules", () => <SchedulesPage />],
  ["/settings", () => <SettingsPage />],
  ["/p/:pipeline", ({ pipeline = "" }) => <Editor key={pipeline} pipeline={pipeline} />],
  ["/p/:pipeline/backfill", ({ pipeline = "" }) => <BackfillPage pipeline={pipeline} />],
  [
    "/p/:pipeline/runs/:run",
    ({ pipeline = "", run = "" }) => <Run pipeline={pipeline} run={run} />,
  ],
];

export function Routes(): ReactElement {
  const { path } = usePlace();
  for (const [pattern, page] of ROUTES) {
    const values = matchPath(pattern, path);
    if (values !== null) return page(values);
  }
  return <NotFound />;
}

/** A run, or with `?with=` beside another one. */
function Run({ pipeline, run }: { pipeline: string; run: string }): ReactElement {
  const before = usePlace().query.get("with");
  const place = { pipeline, run };
  return before === null ? (
    <RunPage key={run} {...place} preview={Preview} code={CodeView} />
  ) : (
    <CompareRunsPage
      key={`${run} ${before}`}
      {...place}
      before={before}
      difference={Difference}
      compare={CompareOutputs}
    />
  );
}

/** What other features give to the editor. */
const EDITOR_SLOTS: ComponentProps<typeof EditorSlotsContext>["value"] = {
  Canvas,
  DataPanel,
  Preview,
  ScheduleSheet: EditorSchedule,
};

function Editor({ pipeline }: { pipeline: string }): ReactElement {
  return (
    <EditorSlotsContext value={EDITOR_SLOTS}>
      <EditorPage pipeline={pipeline} />
    </EditorSlotsContext>
  );
}

/** The sheet inside of a session: it knows the declared parameters. */
function EditorSchedule(props: { pipeline: string; onClose(): void }): ReactElement {
  const parameters = useSession((state) => state.parameters);
  const published = useSession((state) => state.published);
  const differs = useSession(draftDiffers);
  return <ScheduleSheet {...props} {...{ parameters, published, differs }} />;
}

/** What stands there while a page's code is fetched: the frame, so that nothing jumps. */
function Blank(): ReactElement {
  return <Page title="Headrace">{null}</Page>;
}

/** For parts of a page that come a moment after it. */
function Nothing(): null {
  return null;
}

function NotFound(): ReactElement {
  return (
    <Page title="Not found">
      <EmptyState
        title="There is nothing at this address"
        actions={<Link to="/">All pipelines</Link>}
      >
        The page may have moved, or its pipeline was renamed or deleted.
      </EmptyState>
    </Page>
  );
}
