import { Pin } from "lucide-react";
import { lazy, type ReactElement, Suspense, useState } from "react";
import { later } from "../later";
import type { BlockStatus, BlockTable, Output } from "../protocol";
import { checksOf, statusOf, useSession } from "../session";
import {
  CheckList,
  type Choice,
  type DataPanelProps,
  EmptyState,
  IconButton,
  NameText,
  Tabs,
  useCommands,
} from "../ui";
import { FrameView } from "./FrameView";
import { useRowsAhead } from "./frame/useRowsAhead";
import { Notes } from "./Notes";
import { Preview } from "./Preview";
import { ProfileView } from "./ProfileView";
import { ValueView } from "./ValueView";
import { placeOfBlock } from "./view";
import "./data.css";

type View = "rows" | "chart" | "profile" | "compare" | "checks";

const CompareView = lazy(async () => ({
  default: (await import("./compare/CompareView")).CompareView,
}));

const ChartView = later(() => import("./chart/ChartView").then((found) => found.default), Drawing);

function Drawing(): ReactElement {
  return <p className="frame-words muted">Counting…</p>;
}

const VIEWS: readonly Choice<View>[] = [
  { value: "rows", label: "Rows" },
  { value: "chart", label: "Chart" },
  { value: "profile", label: "Profile" },
  { value: "compare", label: "Compare" },
];

/** The output of one block at full height: rows, statistics, other outputs beside it, checks. */
export function DataPanel({ block, output, pinned, onPin }: DataPanelProps): ReactElement {
  if (block === null) {
    return (
      <EmptyState title="No data yet">Select a block to see here what it returned.</EmptyState>
    );
  }
  return (
    <section className="data-panel" aria-label={`Data of ${block.name}`}>
      <header className="data-head">
        <h2>
          <NameText name={block.name} />
        </h2>
        <span className="data-space" />
        <IconButton
          label={pinned ? "Follow the selected block again" : "Keep this block here"}
          icon={Pin}
          aria-pressed={pinned}
          onClick={() => onPin(!pinned)}
        />
      </header>
      <Content key={block.name} block={block} output={output} />
    </section>
  );
}

function NotRun({ block }: { block: BlockTable }): ReactElement {
  if (block.kind === "markdown") {
    return <EmptyState title="Text returns no data">Select another block.</EmptyState>;
  }
  return (
    <EmptyState title="No result yet">
      Run {block.name} with Ctrl+Enter to see here what it returns.
    </EmptyState>
  );
}

interface ContentProps {
  block: BlockTable;
  output: Output | null;
}

function Content({ block, output }: ContentProps): ReactElement {
  const [chosen, setView] = useState<View>("rows");
  const checks = useSession((state) => checksOf(statusOf(state, block.name)));
  const pipeline = useSession((state) => state.name);
  const place = placeOfBlock(pipeline, block.name);
  useRowsAhead(block.name);
  const isTable = output?.kind === "table";
  const views: Choice<View>[] = [
    ...(isTable ? VIEWS : [{ value: "rows" as const, label: "Result" }]),
    ...(checks.length > 0 ? [{ value: "checks" as const, label: checksWords(checks) }] : []),
  ];
  const view = views.some(({ value }) => value === chosen) ? chosen : "rows";
  useCommands({
    "view-chart": {
      run: () => setView(view === "chart" ? "rows" : "chart"),
      enabled: () => isTable,
    },
  });
  if (views.length === 1) return <Result block={block} output={output} />;
  return (
    <>
      <div className="data-bar">
        <Tabs<View>
          label={`Views of ${block.name}`}
          value={view}
          choices={views}
          onChange={setView}
        />
      </div>
      {isTable && view === "rows" && <Notes output={output} />}
      <div className="data-view" role="tabpanel" aria-label={`${view} of ${block.name}`}>
        {view === "checks" && (
          <div className="data-checks">
            <CheckList checks={checks} preview={Preview} opened />
          </div>
        )}
        {view === "rows" && <Result block={block} output={output} />}
        {isTable && view === "chart" && (
          <ChartView output={output} place={place} block={block.name} />
        )}
        {isTable && view === "profile" && <ProfileView key={output.address} output={output} />}
        {isTable && view === "compare" && (
          <Suspense fallback={null}>
            <CompareView key={output.address} block={block} output={output} />
          </Suspense>
        )}
      </div>
    </>
  );
}

function Result({ block, output }: ContentProps): ReactElement {
  const pipeline = useSession((state) => state.name);
  if (output === null) return <NotRun block={block} />;
  if (output.kind !== "table") return <ValueView output={output} />;
  const place = placeOfBlock(pipeline, block.name);
  return (
    <FrameView
      output={output}
      place={place}
      block={block.name}
      label={`Rows of ${block.name}`}
      isPanel
    />
  );
}

function checksWords(checks: BlockStatus["checks"]): string {
  const against = checks.filter(({ state }) => state !== "passed").length;
  return against === 0 ? `Checks ${checks.length} ✓` : `Checks ${against} ✕`;
}
