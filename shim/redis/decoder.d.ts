// What connection.js uses of ioredis (tsconfig.json): its own types would bring Node's, which are not the runtime's.

/** Takes RESP apart as it comes in, in whatever pieces. */
export class Decoder {
  constructor(options: {
    onReply: (reply: any) => void;
    onErrorReply: (error: Error) => void;
    onPush: (push: any[]) => void;
    getTypeMapping: () => Record<number, unknown>;
  });
  write(chunk: Uint8Array): void;
}
