export { EditorPage } from "./page/EditorPage";
