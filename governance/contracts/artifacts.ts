/**
 * The committed output of `npm run contracts`: interface and creation code of every contract that a rehearsal or a deployment
 * creates.
 */
import type { Abi, Hex } from 'viem';
import { PlimsollError } from '../../base/errors.ts';
import AaveMarketJson from './artifacts/AaveV3Market.json' with { type: 'json' };
import TokenJson from './artifacts/GovernanceToken.json' with { type: 'json' };
import LimitsJson from './artifacts/Limits.json' with { type: 'json' };
import GovernorJson from './artifacts/LoadLineGovernor.json' with { type: 'json' };
import PoliciesJson from './artifacts/Policies.json' with { type: 'json' };
import RegistryMarketJson from './artifacts/RegistryMarket.json' with { type: 'json' };
import GuardJson from './artifacts/RiskGuard.json' with { type: 'json' };
import RegistryJson from './artifacts/RiskParameterRegistry.json' with { type: 'json' };
import TimelockJson from './artifacts/TimelockController.json' with { type: 'json' };

export type Deployable = { readonly abi: Abi; readonly bytecode: Hex };
/** Creation code with gaps for the addresses of its libraries. */
export type Linkable = Deployable & {
  readonly links: Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>;
};

export const TOKEN = TokenJson as Deployable;
export const TIMELOCK = TimelockJson as Deployable;
export const GOVERNOR = GovernorJson as Deployable;
export const REGISTRY = RegistryJson as Deployable;
export const LIMITS = LimitsJson as Deployable;
export const POLICIES = PoliciesJson as Deployable;
export const GUARD = GuardJson as unknown as Linkable;
export const AAVE_MARKET = AaveMarketJson as Deployable;
export const REGISTRY_MARKET = RegistryMarketJson as Deployable;

/** Every error any of them can raise: a revert may come from the contract behind the one that was called. */
export const ERRORS: Abi = unique(
  [TOKEN, TIMELOCK, GOVERNOR, REGISTRY, LIMITS, POLICIES, GUARD, AAVE_MARKET, REGISTRY_MARKET].flatMap(({ abi }) =>
    abi.filter(({ type }) => type === 'error'),
  ),
);

/** The code with its libraries' addresses in it. */
export function link({ abi, bytecode, links }: Linkable, addresses: Readonly<Record<string, Hex>>): Deployable {
  let code = bytecode.slice(2);
  for (const [library, places] of Object.entries(links)) {
    const address = addresses[library];
    if (address === undefined) throw new NoLibraryError({ got: `no address of ${library}`, needed: Object.keys(links).join(', ') });
    for (const { start, length } of places) {
      code = code.slice(0, 2 * start) + address.slice(2).toLowerCase() + code.slice(2 * (start + length));
    }
  }
  return { abi, bytecode: `0x${code}` };
}

function unique(items: Abi): Abi {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

export class NoLibraryError extends PlimsollError {
  override readonly name = 'Artifacts.NoLibraryError';
}
