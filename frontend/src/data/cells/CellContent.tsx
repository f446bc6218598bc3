import { type ReactElement, type Ref, useState } from "react";
import type { Cell } from "../rows/frame-rows";
import { hexLines, pictureOf } from "./bytes";
import { readableText } from "./format";
import { readableJson } from "./json";

/** The whole value of a cell to read: pictures drawn, nested data and JSON over several lines. */
export function CellContent({
  cell,
  ref,
}: {
  cell: Cell;
  ref?: Ref<HTMLPreElement>;
}): ReactElement {
  const picture = pictureOf(cell.value);
  return (
    <>
      {picture !== undefined && <Picture key={picture} source={picture} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys */}
      <pre ref={ref} tabIndex={0} className="cell-popover-text">
        {textOf(cell)}
      </pre>
    </>
  );
}

/** Nothing is drawn of what begins like a picture and is none. */
function Picture({ source }: { source: string }): ReactElement | null {
  const [size, setSize] = useState("");
  const [failed, setFailed] = useState(false);
  if (failed) return null;
  return (
    <figure className="cell-picture">
      <img
        src={source}
        alt="What this cell holds"
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setSize(`${naturalWidth} × ${naturalHeight}`)
        }
        onError={() => setFailed(true)}
      />
      <figcaption className="muted">{size}</figcaption>
    </figure>
  );
}

function textOf(cell: Cell): string {
  const { value } = cell;
  if (value instanceof Uint8Array && value.length > 0) return hexLines(value);
  if (value === "") return '""';
  return (typeof value === "string" && readableJson(value)) || readableText(cell);
}
