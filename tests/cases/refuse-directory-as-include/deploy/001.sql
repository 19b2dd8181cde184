\ir parts
