/** Whether a host is this machine by its name or address. @param host as `URL.hostname` has it, or an address alone */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
