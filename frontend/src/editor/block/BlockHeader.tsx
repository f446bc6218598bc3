import { ChevronDown, Play, Square } from "lucide-react";
import type { ReactElement, SyntheticEvent } from "react";
import type { BlockStatus, BlockTable } from "../../protocol";
import { planOf, planWords, signOf, useSessionHandle } from "../../session";
import {
  describeStatus,
  IconButton,
  KindChip,
  Menu,
  NameText,
  StateIcon,
  StateWords,
  useNow,
} from "../../ui";
import { useEditor } from "../page/context";
import { openDialog, run as runBlocks, runSelected, select } from "../page/operations";
import { shapeWords } from "../results/shape";
import { menuOf, runEntries } from "./menu";
import { WhyButton } from "./WhyButton";

interface Props {
  block: BlockTable;
  status: BlockStatus;
}

const LANGUAGES: Record<BlockTable["language"], string> = {
  python: "Python",
  sql: "SQL",
  notebook: "Notebook",
  markdown: "",
};

export function BlockHeader({ block, status }: Props): ReactElement {
  const editor = useEditor();
  const sign = signOf(status);
  return (
    <div className="block-header">
      {block.kind !== "markdown" && <StateIcon sign={sign} silent />}
      <KindChip kind={block.kind} />
      <button
        type="button"
        className="block-name"
        tabIndex={-1}
        onClick={() => select(editor, block.name)}
        onDoubleClick={() => editor.set({ dialog: { kind: "rename", block: block.name } })}
      >
        <NameText name={block.name} />
      </button>
      <span className="block-language">{LANGUAGES[block.language]}</span>
      {block.connection !== null && <Connection block={block} />}
      {block.shared && block.used_in > 1 && (
        <span className="block-used" title={block.file}>
          used in {block.used_in} pipelines
        </span>
      )}
      <Upstream names={block.upstream} />
      <span className="block-space" />
      {block.kind !== "markdown" && <BlockWords block={block} status={status} />}
      {block.kind !== "markdown" && <RunStop block={block} status={status} />}
      <Menu label={`More for ${block.name}`} entries={() => menuOf(editor, block)} />
    </div>
  );
}

/** The database that it runs on, and whether it may change that; a press changes either. */
function Connection({ block }: { block: BlockTable }): ReactElement {
  const editor = useEditor();
  const words = `on ${block.connection}${block.writes ? ", writes" : ""}`;
  return (
    <button
      type="button"
      className="upstream-link block-connection ellipsis"
      aria-label={`${block.name} runs ${words}: change it`}
      onClick={() => openDialog(editor, { kind: "configure", block: block.name })}
    >
      {words}
    </button>
  );
}

/** Where the data comes from; each name jumps there. */
function Upstream({ names }: { names: readonly string[] }): ReactElement | null {
  const editor = useEditor();
  if (names.length === 0) return null;
  return (
    <span className="block-upstream ellipsis">
      <span aria-hidden="true">← </span>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          className="upstream-link"
          aria-label={`Go to upstream ${name}`}
          onClick={() => select(editor, name)}
        >
          {name}
        </button>
      ))}
    </span>
  );
}

/** State in words, then what came out; a press tells why it is so. */
function BlockWords({ block, status }: Props): ReactElement {
  const sign = signOf(status);
  const now = useNow(sign === "running" ? "fast" : sign === "cached" ? "slow" : "still");
  const words = describeStatus(status, now === 0 ? Date.now() : now, block.pool);
  const { output } = status;
  return (
    <span className="block-words ellipsis">
      <WhyButton block={block} status={status}>
        <StateWords sign={sign}>{words}</StateWords>
      </WhyButton>
      {output !== null && sign !== "running" && (
        <span className="block-shape"> · {shapeWords(output)}</span>
      )}
    </span>
  );
}

function RunStop({ block, status }: Props): ReactElement {
  const editor = useEditor();
  const session = useSessionHandle();
  const { name } = block;
  const isBusy = ["running", "queued", "waiting"].includes(status.state);
  // Other blocks decide on the plan as well: it is made when somebody looks.
  const tellPlan = ({ currentTarget }: SyntheticEvent<HTMLElement>): void => {
    const plan = planWords(planOf(session.store.getState(), [name]));
    currentTarget.dataset["tip"] = `${plan}\nAlt-click: only this block`;
  };
  return (
    <span className="run-split">
      {isBusy ? (
        <IconButton
          key="stop"
          label={`Stop ${name}`}
          icon={Square}
          command="cancel-run"
          onClick={() => void editor.send({ op: "cancel-run", run: status.run })}
        />
      ) : (
        <IconButton
          label={`Run ${name}`}
          icon={Play}
          onPointerEnter={tellPlan}
          onFocus={tellPlan}
          onClick={(event) =>
            void (event.altKey
              ? runBlocks(editor, [name], { scope: "only", force: true })
              : runSelected(editor, name))
          }
        />
      )}
      <Menu
        label={`Run menu of ${name}`}
        icon={ChevronDown}
        purpose="run-menu"
        className="icon-button run-split-more"
        entries={() => runEntries(editor, name)}
      />
    </span>
  );
}
