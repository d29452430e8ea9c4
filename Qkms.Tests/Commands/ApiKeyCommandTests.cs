using Qkms.Api.Commands;
using Qkms.Api.Hosting;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Commands;

/// <summary>K-01: <c>api-key list | create | revoke</c> on the host, for an API key that is lost or leaked.</summary>
public sealed class ApiKeyCommandTests
{
    /// <summary>K-01: a lost API key is replaced and the lost one revoked, and the journal tells of both.</summary>
    [Fact]
    public async Task A_lost_API_key_is_replaced_on_the_host()
    {
        using TemporaryDirectory directory = new();
        string lost;
        await using (QkmsApplication before = new(directory.Path))
        {
            lost = before.InitialApiKey;
            (await before.AskWithAsync(lost)).ShouldBe(HttpStatusCode.OK);
        }

        (string made, _) = await RunAsync(directory.Path, "create", "--label=found again", "--roles=operator,admin");
        (_, string list) = await RunAsync(directory.Path, "list");
        (_, string revoked) = await RunAsync(directory.Path, "revoke", $"--id={lost.Split('_')[1]}");

        made.Should().MatchRegex("^qkms_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\n$");
        list.Should().Contain("(default)").And.Contain(made.Split('_')[1]).And.Contain("operator,admin").And.Contain("found again");
        (list + revoked).Should().NotContain(made[18..61]).And.NotContain(lost[18..61]);
        list.Should().NotContain("decoy");
        revoked.Should().Contain("is revoked");
        await using QkmsApplication after = new(directory.Path);
        _ = after.Services;
        (await after.AskWithAsync(lost)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        using HttpClient client = after.ClientFor(made.TrimEnd());
        (await client.ApiKeyEventsAsync()).Select(one => one.Action).Should().EndWith(["api_key.created", "api_key.revoked"]);
        (await client.GetJsonAsync("/audit/events?actor=host")).Data["events"]!.AsArray().Should().HaveCount(2);
        (int exitCode, string output) = await Verify.RunAsync(directory.Path);
        exitCode.Should().Be(0, output);
    }

    /// <summary>K-01: what is not said right changes nothing, and no installation is made where there is none.</summary>
    [Fact]
    public async Task What_is_wrong_is_said_and_nothing_is_made()
    {
        using TemporaryDirectory directory = new();
        foreach (string[] wrong in new string[][]
        {
            [], ["show"], ["create"], ["create", "--label=x"], ["create", "--roles=admin", "--label= "], ["revoke"], ["revoke", "--id="],
        })
        {
            Action split = () => ApiKeyCommand.Split(wrong);
            split.Should().Throw<SettingsException>();
        }

        Func<Task> elsewhere = () => RunAsync(directory.Path, "list");
        await elsewhere.Should().ThrowAsync<Exception>();
        Directory.GetFiles(directory.Path).Select(Path.GetFileName).Should().NotContain(["qkms.db", "initial-api-key"]);

        await using (QkmsApplication first = new(directory.Path))
            _ = first.InitialApiKey;

        foreach (string[] wrong in new string[][]
        {
            ["create", "--label=x", "--roles=root"],
            ["create", "--label=x", "--roles=admin,admin"],
            ["create", "--label=a\nb", "--roles=admin"],
            ["create", "--label=x", "--roles=admin", "--tenant=nobody"],
            ["revoke", "--id=decoy"],
            ["revoke", "--id=nobody"],
        })
        {
            Func<Task> run = () => RunAsync(directory.Path, wrong);
            await run.Should().ThrowAsync<SettingsException>(string.Join(' ', wrong));
        }

        (await RunAsync(directory.Path, "list")).Output.TrimEnd().Split('\n').Should().HaveCount(2, "the tenant and its one API key");
    }

    /// <summary>K-01: with SQLite the service is stopped for it: the command says so and changes nothing.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task Beside_a_running_service_on_SQLite_it_refuses()
    {
        await using QkmsApplication running = new();
        _ = running.InitialApiKey;

        Func<Task> run = () => RunAsync(running.DataDirectory, "create", "--label=x", "--roles=admin");

        await run.Should().ThrowAsync<StoreUnusableException>();
    }

    private static async Task<(string Secret, string Output)> RunAsync(string dataDirectory, params string[] arguments)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, TestStorage.SettingsOf(dataDirectory));
        (string verb, Dictionary<string, string> own, _) = ApiKeyCommand.Split(arguments);
        using RootKeyEnvironment environment = new();
        using MemoryStream secrets = new();
        await using StringWriter output = new();
        await ApiKeyCommand.RunAsync(
            verb,
            own,
            settings,
            environment,
            services => Program.AddSnapshot(services, settings),
            services => Program.AddStorage(services, settings),
            secrets,
            output);
        return (Encoding.ASCII.GetString(secrets.ToArray()), output.ToString());
    }
}
