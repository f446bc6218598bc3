import { CaseSensitive, SquareMinus, TextCursorInput, X } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import type { Step } from "../../protocol";
import type { FramePlace } from "../view";
import { removeStep, stepWords } from "./store";

const ICONS = { rename: TextCursorInput, drop: SquareMinus, cast: CaseSensitive } as const;

/** The steps that wait for a block; each is taken back by a click. */
export function StepLine(props: {
  place: FramePlace;
  steps: readonly Step[];
  children: ReactNode;
}): ReactElement {
  const { place, steps, children } = props;
  return (
    <ul className="view-line step-line" aria-label="What the block will do">
      <li className="step-words">In the block:</li>
      {steps.map((step, at) => {
        const words = stepWords(step);
        const Icon = ICONS[step.do];
        return (
          <li className="view-part" key={words}>
            <Icon size={12} aria-hidden="true" />
            <span className="ellipsis" title={words}>
              {words}
            </span>
            <button
              type="button"
              aria-label={`Do not ${words}`}
              data-tip="Take it back"
              onClick={() => removeStep(place, at)}
            >
              <X size={12} aria-hidden="true" />
            </button>
          </li>
        );
      })}
      <li>{children}</li>
    </ul>
  );
}
