/** Bytes of an object, and their count: of an object that no test could hold, only the beginning is kept. */
export interface Content {
  readonly body: Buffer;
  readonly bytes: number;
}

/** What stays known of a part when the object is complete. */
export interface PartFacts {
  readonly number: number;
  readonly bytes: number;
  /** Base64; undefined: the parts have no checksums of their own. */
  readonly checksum: string | undefined;
}

/** How an object lies on the disks. */
export interface Encryption {
  readonly ServerSideEncryption: string;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
}

/** S3's canonical id of an account, and no name: that one is gone since 2025 (S3 API reference, Owner). */
export interface Owner {
  readonly ID: string;
}
