// What the API can refuse: the codes of the domain and those that only HTTP callers meet.
// Each route names its codes; one table in the api Lambda turns them into Prefect's answers.
import { type ErrorCode, errorCodes } from '../domain/errors.ts';

export const apiErrorCodes = [...errorCodes, 'bad_request', 'forbidden', 'gone'] as const;
export type ApiErrorCode = ErrorCode | 'bad_request' | 'forbidden' | 'gone';
