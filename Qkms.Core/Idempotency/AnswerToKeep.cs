namespace Qkms.Core.Idempotency;

/// <summary>What is kept of an answer, so that it can be given again.</summary>
/// <param name="Status">Its status, in the numbers of whoever gives it.</param>
/// <param name="Content">All else of it, in whatever form whoever gives it can read again.</param>
public sealed record AnswerToKeep(int Status, byte[] Content);
