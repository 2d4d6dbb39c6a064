/** What a route cannot do without, or the refusal that says so. */
import { PlimsollError } from '../../base/errors.ts';
import type { Service } from '../service.ts';
import type { Store } from '../store/store.ts';

export function needService(service: () => Service | null): Service {
  return service() ?? starting();
}

export function needStore(service: () => Service | null): Store {
  return service()?.store() ?? starting();
}

export function found<T>(value: T | null, id: string): T {
  if (value === null) throw new NoSuchIdError({ got: id, needed: 'an id this server holds', where: 'id' });
  return value;
}

function starting(): never {
  throw new NotReadyError({
    got: 'a request before the store is open',
    needed: 'a few more seconds',
    where: 'service',
    fix: 'Try again; /readyz says when.',
  });
}

export class NoSuchIdError extends PlimsollError {
  override readonly name = 'Http.NoSuchIdError';
}

export class NotReadyError extends PlimsollError {
  override readonly name = 'Http.NotReadyError';
}
