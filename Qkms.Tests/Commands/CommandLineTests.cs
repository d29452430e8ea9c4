using System.Diagnostics;
using Qkms.Api.Commands;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Commands;

/// <summary>F-84: arguments are understood or refused; only a start that was asked for makes something.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("--Qkms:DataDirectory=x", "--help")]
    public void F84_help_names_options_and_settings(params string[] arguments)
    {
        string answer = CommandLine.Answer(arguments)!;

        answer.Should().Contain("--urls=").And.Contain("http://127.0.0.1:8080").And.Contain("--version");
        SettingCatalogue.All.Should().AllSatisfy(setting => answer.Should().Contain($"--{setting.Key}=<{setting.Type}>"));
    }

    [Fact]
    public void F84_version_is_that_of_the_program() => CommandLine.Answer(["--version"]).Should().MatchRegex(@"^Qkms \d+\.\d+\.\d+\n$");

    [Theory]
    [InlineData("--Qkms:DataDirectory=/x")]
    [InlineData("--qkms:datadirectory", "/x")]
    [InlineData("--urls", "http://127.0.0.1:9000", "--environment=Development")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://127.0.0.1:0")]
    [InlineData("--Logging:LogLevel:Default=Debug")]
    [InlineData("--Qkms:Storage:ConnectionString=Host=a;Password=--b")]
    [InlineData]
    public void F84_settings_are_left_to_the_configuration(params string[] arguments) =>
        CommandLine.Answer(arguments).Should().BeNull();

    [Theory]
    [InlineData("'--port' is not an option. --help lists them.", "--port", "9000")]
    [InlineData("'--port' is not an option. --help lists them.", "--port=9000")]
    [InlineData("'--url' is not an option. Did you mean --urls?", "--url", "http://127.0.0.1:9000")]
    [InlineData("'help' is not an option. Did you mean --help?", "help")]
    [InlineData("'-V' is not an option. --help lists them.", "-V")]
    [InlineData("'' is not an option. --help lists them.", "")]
    [InlineData("'/Qkms:DataDirectory' is not an option. Did you mean --Qkms:DataDirectory?", "/Qkms:DataDirectory", "/x")]
    [InlineData("'Qkms:DataDirectory' is not an option. Did you mean --Qkms:DataDirectory?", "Qkms:DataDirectory=/x")]
    [InlineData("'--DataDirectory' is not an option. Did you mean --Qkms:DataDirectory?", "--DataDirectory=/x")]
    [InlineData("'--Qkms' is not an option. --help lists them.", "--Qkms=x")]
    [InlineData("--urls needs a value: --urls=value.", "--urls")]
    [InlineData("--urls needs a value: --urls=value.", "--urls", "--environment=Development")]
    public void F84_what_is_not_understood_is_refused_by_its_name(string message, params string[] arguments)
    {
        Action answer = () => CommandLine.Answer(arguments);

        answer.Should().Throw<SettingsException>().WithMessage(message);
    }

    // The name of a setting is the configuration's to judge; the value may be a secret.
    [TheoryIf(Requirement.Sqlite)]
    [InlineData(0, "Usage:", "--help")]
    [InlineData(0, "Qkms 0.", "--version")]
    [InlineData(1, "'--port' is not an option", "--port", "9000")]
    [InlineData(1, "Qkms:Materials:MaxKey is not a setting. Did you mean Qkms:Materials:MaxKeys?", "--Qkms:Materials:MaxKey", "9000")]
    [InlineData(1, "Kestrel:Endpoints:Web:Uri is not a setting. Did you mean", "--Kestrel:Endpoints:Web:Uri=9000")]
    public async Task F84_nothing_is_made(int exitCode, string said, params string[] arguments)
    {
        using TemporaryDirectory directory = new();
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory.Path,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.Should().Be(exitCode);
        (exitCode == 0 ? await output : error).Should().Contain(said).And.NotContain("9000").And.NotContain("   at ");
        Directory.EnumerateFileSystemEntries(directory.Path).Should().BeEmpty();
    }
}
