import { type KeyboardEvent, type ReactElement, type Ref, useEffect, useId, useState } from "react";
import type { ChartData } from "../../protocol";
import { announce } from "../../ui";
import { colorOf, type Drawing, drawingOf, type Mark, seriesName } from "./marks";

export interface ChartFigureProps {
  data: ChartData;
  width: number;
  height: number;
  /** What the chart is of, in a few words. */
  label: string;
  ref: Ref<SVGSVGElement>;
}

/** Pixels from a mark within which the pointer means it. */
const NEAR = 28;

/** The picture of a chart; arrow keys and the pointer say what its marks are. */
export function ChartFigure({ data, width, height, label, ref }: ChartFigureProps): ReactElement {
  const drawing = drawingOf(data, width, height);
  const [active, setActive] = useState<number | null>(null);
  const help = useId();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other numbers have other marks
  useEffect(() => setActive(null), [data]);
  const order = inReadingOrder(drawing.marks);
  const mark = active === null ? undefined : drawing.marks[active];

  const handleKey = (event: KeyboardEvent): void => {
    const at = active === null ? -1 : order.indexOf(active);
    const next = nextPlace(event.key, at, order.length);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const chosen = next === null ? null : (order[next] ?? null);
    setActive(chosen);
    const words = chosen === null ? undefined : drawing.marks[chosen]?.words;
    if (words !== undefined) announce(words.map((pair) => pair.join(" ")).join(", "));
  };
  return (
    <div className="chart-figure">
      {/* biome-ignore lint/a11y/useSemanticElements: a picture whose parts are read by keys */}
      <svg
        ref={ref}
        className="chart"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-roledescription="chart"
        aria-label={label}
        aria-describedby={help}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its marks are read by arrow keys
        tabIndex={0}
        onKeyDown={handleKey}
        onBlur={() => setActive(null)}
        onPointerLeave={() => setActive(null)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          setActive(nearest(drawing, event.clientX - box.left, event.clientY - box.top));
        }}
      >
        <Axes data={data} drawing={drawing} />
        {drawing.lines.map(({ color, path }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
          <path key={at} className="chart-line" data-color={color ?? "others"} d={path} />
        ))}
        {drawing.marks.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a mark is its place
          <MarkShape key={at} mark={one} isQuiet={data.kind === "line"} />
        ))}
        {mark !== undefined && <Highlight mark={mark} />}
      </svg>
      <p id={help} className="visually-hidden">
        Arrow keys read the values one after the other. A table of them follows.
      </p>
      {mark !== undefined && <Words mark={mark} drawing={drawing} />}
    </div>
  );
}

function Axes({ data, drawing }: { data: ChartData; drawing: Drawing }): ReactElement {
  const { plot, x, y, isSlanted, height } = drawing;
  const { left, right, top, bottom } = plot;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <g aria-hidden="true">
      {y.map(({ at, label }) => (
        <g key={label + at}>
          <line className="chart-grid" x1={left} x2={right} y1={at} y2={at} />
          <text className="chart-tick" x={left - 6} y={at + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      <line className="chart-axis" x1={left} x2={right} y1={bottom} y2={bottom} />
      {x.map(({ at, label }) => (
        <g key={label + at} transform={`translate(${at} ${bottom})`}>
          {data.x.scale !== "category" && <line className="chart-axis" y2={4} />}
          <text
            className="chart-tick"
            y={isSlanted ? 10 : 17}
            textAnchor={isSlanted ? "end" : anchorAt(at, label, drawing)}
            transform={isSlanted ? "rotate(-40)" : undefined}
          >
            {label}
          </text>
        </g>
      ))}
      <text className="chart-title" x={(left + right) / 2} y={height - 6} textAnchor="middle">
        {data.x.title}
      </text>
      <text className="chart-title" x={8} y={top - 13} textAnchor="start">
        {data.y.title}
      </text>
    </g>
  );
}

/** Letters at the right end do not hang over it. */
function anchorAt(at: number, label: string, { width }: Drawing): "end" | "middle" {
  return at + label.length * 3.4 > width - 2 ? "end" : "middle";
}

function MarkShape({ mark, isQuiet }: { mark: Mark; isQuiet: boolean }): ReactElement | null {
  const { shape, left, top, width, height, color, weight } = mark;
  const place = color ?? "others";
  if (shape === "point") {
    if (isQuiet) return null;
    return (
      <circle
        className="chart-point"
        data-color={place}
        cx={left + width / 2}
        cy={top + height / 2}
        r={width / 2}
      />
    );
  }
  return (
    <rect
      className={shape === "cell" ? "chart-cell" : "chart-bar"}
      data-color={place}
      x={left}
      y={top}
      width={width}
      height={height}
      fillOpacity={weight}
    />
  );
}

function Highlight({ mark }: { mark: Mark }): ReactElement {
  const { shape, left, top, width, height, color } = mark;
  const common = { className: "chart-active", "data-color": color ?? "others" };
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <g data-passing="" aria-hidden="true">
      {shape === "point" ? (
        <circle {...common} cx={left + width / 2} cy={top + height / 2} r={width / 2 + 2} />
      ) : (
        <rect {...common} x={left} y={top} width={width} height={height} />
      )}
    </g>
  );
}

const TIP_WIDTH = 220;

function Words({ mark, drawing }: { mark: Mark; drawing: Drawing }): ReactElement {
  const right = mark.left + mark.width + 10;
  const fits = right + TIP_WIDTH < drawing.width;
  const style = fits
    ? { left: right, top: Math.max(4, mark.top) }
    : { right: drawing.width - mark.left + 10, top: Math.max(4, mark.top) };
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <dl className="chart-tip" style={style} aria-hidden="true">
      {mark.words.map(([name, value]) => (
        <div key={name}>
          <dt className="ellipsis">{name}</dt>
          <dd className="ellipsis">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the colours mean; nothing where there is one. */
export function Legend({ data }: { data: ChartData }): ReactElement | null {
  if (data.color === null) return null;
  return (
    <ul className="chart-legend" aria-label={`Colours by ${data.color}`}>
      {data.series.map((series, at) => (
        <li key={seriesName(series)}>
          <span className="chart-swatch" data-color={colorOf(series, at) ?? "others"} />
          <span className="ellipsis">{seriesName(series)}</span>
        </li>
      ))}
    </ul>
  );
}

function inReadingOrder(marks: readonly Mark[]): number[] {
  return marks
    .map((_, at) => at)
    .sort((one, other) => (marks[one]?.left ?? 0) - (marks[other]?.left ?? 0) || one - other);
}

/** The next place; null: none, undefined: the key is for others. */
function nextPlace(key: string, at: number, count: number): number | null | undefined {
  if (key === "Escape") return at === -1 ? undefined : null;
  if (count === 0) return undefined;
  if (key === "ArrowRight" || key === "ArrowDown") return Math.min(at + 1, count - 1);
  if (key === "ArrowLeft" || key === "ArrowUp") return Math.max(at - 1, 0);
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return undefined;
}

/** The mark that the pointer means: the bar in its column, the closest point. */
function nearest({ marks, plot }: Drawing, x: number, y: number): number | null {
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  marks.forEach((mark, at) => {
    const across = away(x, mark.left, mark.left + mark.width);
    const down = away(y, mark.top, mark.top + mark.height);
    const isBar = mark.shape === "bar";
    if (isBar ? across > 2 || y < plot.top || y > plot.bottom : across > NEAR) return;
    const distance = mark.shape === "cell" ? across + down : across * across + down * down;
    if (mark.shape === "cell" && distance > 0) return;
    if (distance < least) {
      least = distance;
      best = at;
    }
  });
  return best;
}

function away(value: number, from: number, to: number): number {
  return value < from ? from - value : Math.max(0, value - to);
}
