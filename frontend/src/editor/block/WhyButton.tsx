import { type ReactElement, type ReactNode, useId, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import type { BlockStatus, BlockTable } from "../../protocol";
import { useSession } from "../../session";
import { placeBelow, useNow } from "../../ui";
import { waitsFor, whyOf } from "./why";

interface Props {
  block: BlockTable;
  status: BlockStatus;
  children: ReactNode;
}

/** Words of a state as a button that tells all the reasons; plain words where there are none. */
export function WhyButton({ block, status, children }: Props): ReactElement {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const before = useSession(useShallow((state) => waitsFor(state, block)));
  const now = useNow("slow");
  const why = whyOf(status, block, before, now === 0 ? Date.now() : now);
  if (why === null || why.reasons.length === 0) return <>{children}</>;
  return (
    <>
      <button
        ref={button}
        type="button"
        className="why ellipsis"
        data-purpose="why"
        data-tip={`${why.title}\n${why.reasons.map((reason) => `· ${reason}`).join("\n")}`}
        aria-haspopup="dialog"
        popoverTarget={id}
      >
        {children}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={`Why ${block.name} is so`}
        className="floating why-panel"
        tabIndex={-1}
        onToggle={(event) => {
          if (event.newState !== "open" || button.current === null) return;
          placeBelow(event.currentTarget, button.current);
          event.currentTarget.focus();
        }}
      >
        <p className="why-title">{why.title}</p>
        <ul>
          {why.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      </div>
    </>
  );
}
