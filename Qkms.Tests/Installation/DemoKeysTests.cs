namespace Qkms.Tests.Installation;

/// <summary>The keys to try the API with.</summary>
public sealed class DemoKeysTests
{
    /// <summary>F-81: a new installation in Development has keys of the recommended algorithms, and its log says so.</summary>
    [Fact]
    public async Task A_new_installation_in_development_has_keys_to_try()
    {
        using TemporaryDirectory directory = new();
        using (ServiceProcess service = await StartAsync(directory, "Development"))
        {
            using HttpClient client = service.Client();

            Answer list = await client.GetJsonAsync("/kms/keys?name=demo");

            list.Data["keys"]!.AsArray().Select(key => $"{key!["algorithm"]} {key["key_version"]} {key["status"]}").Should().BeEquivalentTo(
                "AES-256 1 active", "HMAC-256 1 active", "ML-DSA-65 1 active", "ML-KEM-768 1 retired", "ML-KEM-768 2 active");
            await service.SaysAsync("made keys named 'demo'");
            await client.RevokeAsync("demo-kem-1");
            (await service.TerminateAsync()).Should().Be(0);
        }

        using ServiceProcess again = await StartAsync(directory, "Development");
        using HttpClient later = again.Client();
        (await later.GetJsonAsync("/kms/keys")).Number("total").Should().Be(5, "only a new installation gets them");
        await again.SaysAsync("Qkms runs on");
        again.Output.Should().NotContain("made keys named");
    }

    /// <summary>F-81: no other environment gets them, and a setting switches them off.</summary>
    [Theory]
    [InlineData("Production", "true")]
    [InlineData("Development", "false")]
    public Task No_other_installation_has_them(string environment, string? setting) => ShouldHaveNoneAsync(environment, setting);

    [TheoryIf(Requirement.LongTests)]
    [InlineData("Production", null)]
    [InlineData("Staging", "true")]
    public Task Nor_has_any_of_these(string environment, string? setting) => ShouldHaveNoneAsync(environment, setting);

    private static async Task ShouldHaveNoneAsync(string environment, string? setting)
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await StartAsync(directory, environment, setting);
        using HttpClient client = service.Client();

        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(0);
    }

    private static Task<ServiceProcess> StartAsync(TemporaryDirectory directory, string environment, string? setting = null) =>
        ServiceProcess.StartAsync(
            directory.File("data"),
            new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = environment, ["Qkms__DemoKeys"] = setting });
}
