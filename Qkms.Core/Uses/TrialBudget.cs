namespace Qkms.Core.Uses;

/// <summary>
/// How many older versions the items of one request may try, all together: without a bound a request of a thousand items could ask for
/// twenty thousand operations.
/// </summary>
internal sealed class TrialBudget
{
    /// <summary>As many as a request can have items.</summary>
    public const int Most = 1000;

    private int _left = Most;

    /// <summary>Takes one trial.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>: there is none left.</exception>
    public void Take()
    {
        if (_left == 0)
        {
            throw KmsErrors.Invalid.With(
                $"The items of this request have tried {Most} older versions: name the version, by 'kid' or 'key_version'.");
        }

        _left--;
    }
}
