// Types of what a Worker's configuration gives it as modules, and TypeScript cannot see into.

declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*/fields.json" {
  const fields: Record<string, string>;
  export default fields;
}

declare module "*/status.json" {
  const status: number;
  export default status;
}

declare module "*.json.txt" {
  const text: string;
  export default text;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
