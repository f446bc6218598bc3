import { Blocks, Download, Table2 } from "lucide-react";
import { type ReactElement, use, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Chart, ChartData, Column, Output } from "../../protocol";
import { useResource } from "../../session";
import {
  Button,
  EmptyState,
  formatCount,
  IconButton,
  LoadFailed,
  MakeBlockContext,
  Menu,
  plural,
  toastError,
} from "../../ui";
import { type FramePlace, isWhole, rowsQuery, useView, type View, viewFor } from "../view";
import { wireView } from "../view/wire";
import { ChartFields } from "./ChartFields";
import { ChartFigure, Legend } from "./ChartFigure";
import { ChartTable } from "./ChartTable";
import { chartAt, chooseChart, subscribeChart } from "./choice";
import { saveChart } from "./save";
import "./chart.css";

export interface ChartViewProps {
  output: Output;
  place: FramePlace;
  /** The block whose output it is. */
  block: string;
}

const LEAST_HEIGHT = 220;

/** A chart of all rows of the view that the grid shows. */
export default function ChartView({ output, place, block }: ChartViewProps): ReactElement {
  const { columns } = output;
  const view = viewFor(useView(place), columns);
  const chart = useSyncExternalStore(subscribeChart, () => chartAtOnce(place, columns));
  if (chart === null) {
    return <EmptyState title="Nothing to draw">No column has numbers, times or names.</EmptyState>;
  }
  return (
    <section className="chart-view" aria-label={`Chart of ${block}`}>
      <ChartFields chart={chart} columns={columns} onChange={(next) => chooseChart(place, next)} />
      <Drawn output={output} view={view} chart={chart} block={block} />
    </section>
  );
}

const guessed = new WeakMap<readonly Column[], Map<FramePlace, Chart | null>>();

/** The same object while nothing was chosen: a guess is made once. */
function chartAtOnce(place: FramePlace, columns: readonly Column[]): Chart | null {
  const found = chartAt(place, columns);
  const known = guessed.get(columns) ?? new Map<FramePlace, Chart | null>();
  guessed.set(columns, known);
  const before = known.get(place);
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(found)) return before;
  known.set(place, found);
  return found;
}

function Drawn(props: { output: Output; view: View; chart: Chart; block: string }): ReactElement {
  const { output, view, chart, block } = props;
  const query = { ...rowsQuery({ ...view, sort: [] }), chart: JSON.stringify(chart) };
  const key = `${output.address} ${JSON.stringify(query)}`;
  const { data, error, reload } = useResource(key, (api, signal) =>
    api.get<ChartData>(`outputs/${output.address}/chart`, { signal, query }),
  );
  const [last, setLast] = useState<ChartData | undefined>(data);
  useEffect(() => {
    if (data !== undefined) setLast(data);
  }, [data]);
  const svg = useRef<SVGSVGElement>(null);
  const makeBlock = use(MakeBlockContext);
  const [isTable, setTable] = useState(false);
  const shown = data ?? last;
  const save = (format: "svg" | "png"): void => {
    if (svg.current !== null)
      void saveChart(svg.current, `${block}_chart`, format).catch(toastError);
  };
  if (error !== undefined) return <LoadFailed error={error} onRetry={reload} />;
  if (shown === undefined) return <p className="frame-words muted">Counting…</p>;
  const label = titleOf(shown);
  return (
    <>
      <div className="chart-head">
        <h3 className="ellipsis" title={label}>
          {label}
        </h3>
        <IconButton
          label={isTable ? "Show the chart" : "Show the numbers as a table"}
          icon={Table2}
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        />
        <Menu
          label="Save the picture"
          icon={Download}
          entries={[
            { label: "As SVG", icon: Download, onSelect: () => save("svg") },
            { label: "As PNG", icon: Download, onSelect: () => save("png") },
          ]}
        />
        {makeBlock !== null && (
          <Button
            size="small"
            icon={Blocks}
            data-purpose="make-chart-block"
            onClick={() => makeBlock({ upstream: block, view: wireView(view), steps: [], chart })}
          >
            Make a block
          </Button>
        )}
      </div>
      <div className="chart-body" data-pending={data === undefined || undefined}>
        {!isTable && <Sized data={shown} label={label} svg={svg} />}
        <ChartTable data={shown} label={label} isShown={isTable} />
      </div>
      <Legend data={shown} />
      <p className="chart-words">
        {plural(shown.rows, "row")}
        {isWhole(view) ? "" : ` of ${formatCount(output.rows ?? 0)}`}
        {shown.left_out > 0 && `, ${formatCount(shown.left_out)} left out: no value`}
        {shown.is_density && chart.color != null && ". Too many rows for colours: cells count them"}
      </p>
    </>
  );
}

function Sized(props: {
  data: ChartData;
  label: string;
  svg: React.RefObject<SVGSVGElement | null>;
}): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<readonly [number, number] | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      setSize([element.clientWidth, Math.max(LEAST_HEIGHT, element.clientHeight)]);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div className="chart-box" ref={box}>
      {size !== null && (
        <ChartFigure
          ref={props.svg}
          data={props.data}
          width={size[0]}
          height={size[1]}
          label={props.label}
        />
      )}
    </div>
  );
}

/** "Mean of dep_delay by origin", "Rows by carrier and month", "arr_delay over dep_delay". */
export function titleOf(data: ChartData): string {
  const colors = data.color === null ? "" : ` and ${data.color}`;
  if (data.kind === "scatter") return `${data.y.title} over ${data.x.title}`;
  const unit = data.x.unit === null ? "" : ` (${data.x.unit})`;
  const what = data.y.title.charAt(0).toUpperCase() + data.y.title.slice(1);
  return `${what} by ${data.x.title}${unit}${colors}`;
}
