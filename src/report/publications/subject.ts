/** The subject of a run: its publications name it. Known once the manifest is read. */
export interface Subject {
  readonly model: string;
  readonly environment: string;
  /** As the user wrote it; absent for an operation without one. */
  readonly version?: string;
  /** Page of the endpoint in the console; once the account is known. */
  readonly endpointPage?: string;
}
