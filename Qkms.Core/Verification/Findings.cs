namespace Qkms.Core.Verification;

/// <summary>What a verification found, told as it is found, and how far it is.</summary>
internal interface IVerificationReport
{
    /// <summary>Something does not hold.</summary>
    /// <param name="what">What, by its identifiers, and how: a sentence without its full stop.</param>
    void Found(string what);

    /// <summary>How many events were looked at, of how many.</summary>
    void Progress(long done, long total);
}

/// <summary>What was looked at.</summary>
/// <param name="Tenants">How many tenants.</param>
/// <param name="Streams">How many streams.</param>
/// <param name="Events">How many events.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="Versions">How many versions.</param>
/// <param name="PrivateKeys">How many private keys were opened.</param>
internal sealed record VerificationSummary(int Tenants, int Streams, long Events, long Keys, long Versions, long PrivateKeys);
