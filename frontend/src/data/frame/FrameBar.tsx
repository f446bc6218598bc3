import { Columns3, Download, Filter, Hash } from "lucide-react";
import type { ReactElement, ReactNode, Ref } from "react";
import { IconButton, Menu, type MenuEntry } from "../../ui";
import { SearchField } from "./SearchField";

export interface FrameBarProps {
  search: string;
  searchRef: Ref<HTMLInputElement>;
  hasFilters: boolean;
  downloads(): readonly MenuEntry[];
  /** What others do with a view. */
  actions: ReactNode;
  onSearch(text: string): void;
  onLeave(): void;
  onFilters(shown: boolean): void;
  onColumns(): void;
  onRow(): void;
}

/** Above a table: search, and what is opened from it. */
export function FrameBar(props: FrameBarProps): ReactElement {
  return (
    <div className="frame-bar">
      <SearchField
        ref={props.searchRef}
        value={props.search}
        onChange={props.onSearch}
        onLeave={props.onLeave}
      />
      <IconButton
        label={props.hasFilters ? "Hide the filters of columns" : "Show the filters of columns"}
        icon={Filter}
        command="grid-filter"
        aria-pressed={props.hasFilters}
        onClick={() => props.onFilters(!props.hasFilters)}
      />
      <IconButton label="Columns" icon={Columns3} command="grid-column" onClick={props.onColumns} />
      <IconButton label="Go to a row" icon={Hash} command="grid-row" onClick={props.onRow} />
      <Menu label="Download" icon={Download} purpose="download-rows" entries={props.downloads} />
      {props.actions}
    </div>
  );
}
