namespace Qkms.Tests.RootKeys;

/// <summary>An installation beside a token of SoftHSM: what its tests share.</summary>
public abstract class TokenTests() : RootKeyElsewhereTests("pkcs11")
{
    private protected SoftHsm Hsm { get; } = new();

    private protected override IEnumerable<string> Secrets => [SoftHsm.Pin];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Hsm.Dispose();

        base.Dispose(disposing);
    }
}
