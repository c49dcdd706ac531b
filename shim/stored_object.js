// A body that stays in R2 until it is given out: a large one takes no room in the isolate, may be given out many times, and
// a part of it is a body of its own.

export class StoredObject {
  /**
   * @param {R2Bucket} bucket @param {string} key @param {string} etag of the object: one of the same name with another ETag is not this body
   * @param {number} from @param {number} size
   */
  constructor(bucket, key, etag, from, size) {
    this.bucket = bucket;
    this.key = key;
    this.etag = etag;
    this.from = from;
    this.size = size;
  }

  /** @param {number} from @param {number} end */
  slice(from, end) {
    return new StoredObject(this.bucket, this.key, this.etag, this.from + from, end - from);
  }

  /** Reads it, as fast as the stream is read. @returns {ReadableStream} */
  stream() {
    const { readable, writable } = new FixedLengthStream(this.size);
    this.pipeTo(writable).catch(() => {});
    return readable;
  }

  /** @param {WritableStream} writable */
  async pipeTo(writable) {
    try {
      const object = await this.bucket.get(this.key, {
        onlyIf: { etagMatches: this.etag },
        range: { offset: this.from, length: this.size },
      });
      if (object === null || !("body" in object)) throw new Error("The object has been replaced.");
      await object.body.pipeTo(writable);
    } catch (thrown) {
      // Whoever reads it sees that it breaks off.
      await writable.abort(thrown);
    }
  }
}
