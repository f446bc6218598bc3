import { type KeyboardEvent, type PointerEvent, type ReactElement, useState } from "react";

/** Pixels of a zone, remembered in this browser. */
export function useZoneSize(zone: string, first: number): [number, (size: number) => void] {
  const key = `headrace:zone:${zone}`;
  const [size, setSize] = useState(() => Number(localStorage.getItem(key)) || first);
  const keep = (next: number): void => {
    setSize(next);
    localStorage.setItem(key, String(next));
  };
  return [size, keep];
}

interface Props {
  label: string;
  size: number;
  from: number;
  to: number;
  /** The zone is on the right of the divider. */
  reversed?: boolean;
  onSize(size: number): void;
}

const STEP = 16;

/** Moves the border between two zones, by pointer or arrow keys. */
export function Divider(props: Props): ReactElement {
  const { label, size, from, to, reversed = false, onSize } = props;
  const sign = reversed ? -1 : 1;
  const set = (next: number): void => onSize(Math.round(Math.min(Math.max(next, from), to)));
  const handleKey = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowLeft" ? -STEP : event.key === "ArrowRight" ? STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    set(size + by * sign);
  };
  const handleDrag = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    set(size + event.movementX * sign);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be moved
    <div
      role="separator"
      className="divider"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={size}
      aria-valuemin={from}
      aria-valuemax={to}
      tabIndex={0}
      onKeyDown={handleKey}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={handleDrag}
    />
  );
}
