/** Names on one line that give way in their middle: those that differ at their ends stay apart. */
import type { ReactElement } from "react";
import { classes } from "./classes";

const TAIL = 8;
const SHORTEST = 18;

/** A name that is as wide as there is room; hovered, the whole of it is told. */
export function NameText(props: { name: string; className?: string }): ReactElement {
  const { name, className } = props;
  if (name.length < SHORTEST) {
    return <span className={classes("ellipsis", className)}>{name}</span>;
  }
  return (
    <span className={classes("name-text", className)} title={name}>
      {/* Two boxes side by side would be read as two words. */}
      <span className="visually-hidden">{name}</span>
      <span className="ellipsis" aria-hidden="true">
        {name.slice(0, -TAIL)}
      </span>
      <span className="name-tail" aria-hidden="true">
        {name.slice(-TAIL)}
      </span>
    </span>
  );
}
