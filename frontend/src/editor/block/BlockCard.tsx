import { memo, type ReactElement, useRef } from "react";
import { blockNamed, signOf, statusOf, useSession } from "../../session";
import { describeStatus, SIGNS, useNear } from "../../ui";
import { useEditor, useEditorState } from "../page/context";
import { marked } from "../page/operations";
import { BlockResult } from "../results/BlockResult";
import { BlockHeader } from "./BlockHeader";
import { BlockSource } from "./BlockSource";

interface Props {
  name: string;
  position: number;
  count: number;
}

/** True for each of several blocks that are selected together. */
function useMarked(name: string): boolean {
  const { session } = useEditor();
  return useEditorState((state) => {
    if (state.anchor === null) return false;
    const names = session.store.getState().blocks.map((block) => block.name);
    return marked(names, state).includes(name);
  });
}

/** One block: header, code or settings, result. It draws again only for its own news. */
export const BlockCard: React.NamedExoticComponent<Props> = memo(function BlockCard({
  name,
  position,
  count,
}: Props): ReactElement | null {
  const editor = useEditor();
  const block = useSession((state) => blockNamed(state, name));
  const status = useSession((state) => statusOf(state, name));
  const isSelected = useEditorState((state) => state.selected === name);
  const isMarked = useMarked(name);
  const isEditing = useEditorState((state) => state.selected === name && state.mode === "edit");
  const card = useRef<HTMLLIElement>(null);
  const isNear = useNear(card) || isSelected;
  if (block === undefined) return null;
  const sign = signOf(status);
  const label = `${name}, ${block.kind}, ${describeStatus(status, undefined, block.pool)}`;
  return (
    <li
      ref={card}
      id={`block-${name}`}
      className="block"
      data-testid={`block-${name}`}
      data-state={sign}
      data-tone={SIGNS[sign].tone}
      data-kind={block.kind}
      data-selected={isSelected || undefined}
      data-editing={isEditing || undefined}
      data-marked={isMarked || undefined}
      aria-posinset={position}
      aria-setsize={count}
      aria-label={isMarked ? `${label}, selected` : label}
      aria-current={isSelected || undefined}
      // Arrow keys move among the blocks, so that only one of them is a stop of Tab.
      tabIndex={isSelected ? 0 : -1}
      onFocus={(event) => {
        if (isSelected && !(event.target === event.currentTarget && isEditing)) return;
        if (event.target === event.currentTarget) editor.set({ selected: name, mode: "command" });
      }}
      onPointerDown={() => {
        if (!isSelected) editor.set({ selected: name, mode: "command" });
      }}
    >
      {isNear ? (
        <BlockHeader block={block} status={status} />
      ) : (
        <div className="block-header">{name}</div>
      )}
      <BlockSource block={block} near={isNear} />
      {isNear && <BlockResult block={block} status={status} />}
    </li>
  );
});
