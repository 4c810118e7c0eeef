/** No credentials, or the role could not be assumed: reason code `credentials-unavailable`. */
export class CredentialsUnavailable extends Error {
  override readonly name = 'CredentialsUnavailable';
  /** The credentials work, but may not assume the role. */
  readonly denied: boolean;
  constructor(message: string, denied = false) {
    super(message);
    this.denied = denied;
  }
}
