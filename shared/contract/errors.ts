// What the API can refuse: the codes of the domain and those that only HTTP callers meet.
// Each route names its codes; one table in the api Lambda turns them into Prefect's answers.
import type { ErrorCode } from '../domain/errors.ts';

export type ApiErrorCode = ErrorCode | 'bad_request' | 'object_not_found' | 'forbidden' | 'gone' | 'locked';
