/** The committed output of `npm run contracts`: interface and creation code of every contract a rehearsal deploys. */
import type { Abi, Hex } from 'viem';
import TokenJson from './artifacts/GovernanceToken.json' with { type: 'json' };
import GovernorJson from './artifacts/LoadLineGovernor.json' with { type: 'json' };
import RegistryJson from './artifacts/RiskParameterRegistry.json' with { type: 'json' };
import TimelockJson from './artifacts/TimelockController.json' with { type: 'json' };

export type Deployable = { readonly abi: Abi; readonly bytecode: Hex };

export const TOKEN = TokenJson as Deployable;
export const TIMELOCK = TimelockJson as Deployable;
export const GOVERNOR = GovernorJson as Deployable;
export const REGISTRY = RegistryJson as Deployable;

/** Every error any of them can raise: a revert may come from the contract behind the one that was called. */
export const ERRORS: Abi = [TOKEN, TIMELOCK, GOVERNOR, REGISTRY].flatMap(({ abi }) => abi.filter(({ type }) => type === 'error'));
