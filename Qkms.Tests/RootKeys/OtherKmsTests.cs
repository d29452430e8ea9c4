namespace Qkms.Tests.RootKeys;

/// <summary>An installation that another Qkms seals: what its tests share.</summary>
public abstract class OtherKmsTests() : RootKeyElsewhereTests("aws-kms")
{
    /// <summary>Only the other KMS opens the installation then.</summary>
    private protected async Task SealAsync(OtherKms other, string? key = null)
    {
        _ = App.InitialApiKey;
        await Client.GenerateAsync("AES-256", new { name = "before" });
        string said = await MustAsync(Data, other.Environment(), "root-key", "rotate", $"--aws-kms={key ?? other.KeyId}");
        said.Should().Contain($"QKMS_AWS_KMS_KEY='{key ?? other.KeyId}'").And.NotContain(other.AccessKey.Secret);
        await App.DisposeAsync();
        File.Delete(Path.Combine(Data, "root.key"));
    }
}
