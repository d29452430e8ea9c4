namespace Qkms.Core.Callers;

/// <summary>The cost units that a caller may spend.</summary>
internal interface ICostBudget
{
    /// <summary>Takes all of them, before the work that they are for, or none.</summary>
    /// <param name="units">How many.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TooManyRequests"/> when there are not as many now;
    /// <see cref="KmsErrors.QuotaExceeded"/> when there never are.</exception>
    void Pay(int units);

    /// <summary>
    /// Takes as many of them as there are, for work that belongs to what was paid for and must not stop half-way: what is spent is missing
    /// at the next request.
    /// </summary>
    /// <param name="units">How many.</param>
    void PayWhatIsThere(int units);
}
