import { Pin } from "lucide-react";
import { type ReactElement, useState } from "react";
import type { BlockTable, Output } from "../protocol";
import { useSession } from "../session";
import { type Choice, type DataPanelProps, EmptyState, IconButton, NameText, Tabs } from "../ui";
import { FrameView } from "./FrameView";
import { Notes } from "./Notes";
import { ProfileView } from "./ProfileView";
import { ValueView } from "./ValueView";
import { placeOfBlock } from "./view";
import "./data.css";

type View = "rows" | "profile";

const VIEWS: readonly Choice<View>[] = [
  { value: "rows", label: "Rows" },
  { value: "profile", label: "Profile" },
];

/** The output of one block at full height: rows, statistics, files. */
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
      {output === null ? <NotRun block={block} /> : <Content block={block} output={output} />}
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

function Content({ block, output }: { block: BlockTable; output: Output }): ReactElement {
  const [view, setView] = useState<View>("rows");
  const pipeline = useSession((state) => state.name);
  const place = placeOfBlock(pipeline, block.name);
  if (output.kind !== "table") return <ValueView output={output} />;
  return (
    <>
      <div className="data-bar">
        <Tabs<View>
          label={`Views of ${block.name}`}
          value={view}
          choices={VIEWS}
          onChange={setView}
        />
      </div>
      <Notes output={output} />
      <div className="data-view" role="tabpanel" aria-label={`${view} of ${block.name}`}>
        {view === "rows" ? (
          <FrameView output={output} place={place} label={`Rows of ${block.name}`} isPanel />
        ) : (
          <ProfileView key={output.address} output={output} />
        )}
      </div>
    </>
  );
}
