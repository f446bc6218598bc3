import { memo, type ReactElement, useRef } from "react";
import { blockNamed, signOf, statusOf, useSession } from "../../session";
import { describeStatus, SIGNS } from "../../ui";
import { useEditor, useEditorState } from "../page/context";
import { BlockResult } from "../results/BlockResult";
import { BlockHeader } from "./BlockHeader";
import { BlockSource } from "./BlockSource";
import { useNear } from "./useNear";

interface Props {
  name: string;
  position: number;
  count: number;
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
  const isEditing = useEditorState((state) => state.selected === name && state.mode === "edit");
  const card = useRef<HTMLLIElement>(null);
  const isNear = useNear(card) || isSelected;
  if (block === undefined) return null;
  const sign = signOf(status);
  const label = `${name}, ${block.kind}, ${describeStatus(status)}`;
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
      aria-posinset={position}
      aria-setsize={count}
      aria-label={label}
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
