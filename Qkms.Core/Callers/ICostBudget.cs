namespace Qkms.Core.Callers;

/// <summary>The cost units that a caller may spend.</summary>
internal interface ICostBudget
{
    /// <summary>Takes all of them, before the work that they are for, or none.</summary>
    /// <param name="units">How many.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.TooManyRequests"/> when there are not as many now;
    /// <see cref="KmsErrors.QuotaExceeded"/> when there never are.</exception>
    void Pay(int units);
}
