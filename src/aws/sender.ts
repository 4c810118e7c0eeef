/** Sends one command of one client: retries, refreshed credentials, named errors. */
export type Sender<Client> = Client extends { send(command: infer _Command): unknown } ? Client['send'] : never;
