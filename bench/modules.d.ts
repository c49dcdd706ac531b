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

// The Worker as it is deployed, beside an entry of its own.
declare module "*/larder_bundle.js" {
  const handlers: {
    fetch(request: Request, env: object, ctx: unknown): Response | Promise<Response>;
    queue(batch: unknown, env: object, ctx: unknown): Promise<void>;
    scheduled(controller: unknown, env: object, ctx: unknown): Promise<void>;
  };
  export default handlers;
}
